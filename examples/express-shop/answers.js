// The two shapes of an answer.
exports.give = (res, data, meta) => res.json({ success: true, data, ...(meta && { meta }) });
exports.refuse = (res, status, code, message, more) =>
  res.status(status).json({ success: false, error: { code, message, ...more } });
