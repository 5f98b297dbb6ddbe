// merlon pki: certificates for mutual TLS on a developer's machine.
#include <cstdio>
#include <memory>

#include "cli/commands.h"
#include "operations/pki.h"

namespace merlon::cli {
namespace {

// What the two commands were told. CLI11 fills it.
struct PkiArguments {
    std::string folder = "pki";
    std::string trust_domain = "cluster.local";
    operations::LeafOrder order;
};

template <class Files>
int show(const Arguments& arguments, const Result<Files>& files) {
    if (!files) {
        return report(std::unexpected(files.error()),
                      operations::is_usage_error(files.error()) ? 2 : 1);
    }
    const std::string text =
        arguments.json ? operations::to_json(*files) : operations::to_text(*files);
    std::fwrite(text.data(), 1, text.size(), stdout);
    return 0;
}

int init(const Arguments& arguments, const PkiArguments& pki) {
    SystemEntropy entropy;
    const auto files =
        operations::make_authority(pki.folder, pki.trust_domain, SystemClock().wall(), entropy);
    if (files) {
        std::fprintf(stderr,
                     "merlon: an authority for development: who reads %s can be every service of "
                     "%s\n",
                     files->key.c_str(), files->trust_domain.c_str());
    }
    return show(arguments, files);
}

int issue(const Arguments& arguments, const PkiArguments& pki) {
    SystemEntropy entropy;
    const auto files = operations::issue_leaf(pki.folder, pki.order, SystemClock().wall(), entropy);
    if (files) std::fprintf(stderr, "merlon: %s\n", files->spiffe_id.c_str());
    return show(arguments, files);
}

void add_folder(CLI::App& command, const std::shared_ptr<PkiArguments>& pki) {
    command.add_option("-d,--directory", pki->folder, "Where its files are (default: pki)");
}

}  // namespace

void add_pki(CLI::App& program, Arguments& arguments) {
    CLI::App* group =
        program.add_subcommand("pki", "Certificates for mutual TLS, for development only");
    group->require_subcommand(1);
    // Lives in the callbacks, as long as the commands.
    const auto pki = std::make_shared<PkiArguments>();

    CLI::App* init_command = group->add_subcommand(
        "init",
        "Make a certificate authority for development: ca.crt and ca.key, never over those that "
        "are there. Whoever reads the key can be every service: in production let cert-manager, "
        "SPIRE or a service mesh issue certificates with the same SPIFFE IDs");
    add_folder(*init_command, pki);
    init_command->add_option("--domain", pki->trust_domain,
                             "The trust domain, which all its SPIFFE IDs begin with (default: "
                             "cluster.local)");
    add_json_option(*init_command, arguments);
    init_command->callback([&arguments, pki] { arguments.code = init(arguments, *pki); });

    CLI::App* issue_command = group->add_subcommand(
        "issue",
        "Make NAME.crt and NAME.key for the service account NAME, "
        "spiffe://DOMAIN/ns/NAMESPACE/sa/NAME, by the authority for development; those that are "
        "there are replaced whole, so that a server may read them at any time");
    issue_command->add_option("name", pki->order.name, "A service's name, such as orders")
        ->required();
    add_folder(*issue_command, pki);
    issue_command->add_option("--namespace", pki->order.name_space,
                              "The namespace of its account (default: default)");
    issue_command
        ->add_option("--dns", pki->order.dns_names,
                     "A DNS name that it is reached by; may be said again (default: localhost)")
        ->allow_extra_args(false);
    issue_command
        ->add_option("--ip", pki->order.addresses,
                     "An address that it is reached by; may be said again (default: 127.0.0.1)")
        ->allow_extra_args(false);
    issue_command->add_option("--days", pki->order.days,
                              "How long it lasts, from 1 to 825 (default: 90)");
    add_json_option(*issue_command, arguments);
    issue_command->callback([&arguments, pki] { arguments.code = issue(arguments, *pki); });
}

}  // namespace merlon::cli
