// Which role may do what.
const PERMISSIONS = {
  'read:profile': ['user', 'admin'],
  'write:profile': ['user', 'admin'],
  'read:products': ['user', 'admin', 'moderator'],
  'write:products': ['admin'],
  'delete:products': ['admin'],
  'read:orders': ['user', 'admin'],
  'write:orders': ['user', 'admin'],
  'cancel:orders': ['user', 'admin'],
  'read:users': ['admin'],
  'write:users': ['admin'],
  'delete:users': ['admin'],
};
exports.permissionsOf = (role) => Object.keys(PERMISSIONS).filter((one) => PERMISSIONS[one].includes(role));
