"""A gateway before a service that it knows by its certificate, and before the same in the clear."""

import subprocess

from judging import judge
from subjects import BUILD, CLIENT_CORE, Merlon, filled, free_port, pinned, wait_for_port


class Service:
    """nginx on the client's core, with certificates as `merlon pki` issues them."""

    def __init__(self, directory):
        self.directory = directory
        directory.mkdir(parents=True, exist_ok=True)
        for arguments in (("init",), ("issue", "catalog"), ("issue", "gateway")):
            subprocess.run([BUILD / "merlon", "pki", *arguments], cwd=directory, check=True, capture_output=True)
        self.plain, self.tls = free_port(), free_port()

    def __enter__(self):
        config = filled("upstream.conf", self.directory, plain=self.plain, tls=self.tls)
        self.process = pinned(CLIENT_CORE, "nginx", "-c", config)
        wait_for_port(self.tls, self.process)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(30)

    def in_the_clear(self):
        return {"url": f"http://127.0.0.1:{self.plain}"}

    def over_mutual_tls(self):
        """Known by the name in its URL, and told nothing of who asks."""
        pki = self.directory / "pki"
        return {"url": f"https://127.0.0.1:{self.tls}", "ca": str(pki / "ca.crt"), "certificate": str(pki / "gateway.crt"),
                "key": str(pki / "gateway.key")}

    def told_who_asks(self):
        return {**self.over_mutual_tls(), "identity": "spiffe://cluster.local/ns/default/sa/catalog"}


def mutual_tls(bench):
    """Judged where the service is told by an assertion, too, for whom the gateway asks; what of it is TLS stands beside."""
    with Service(bench.directory / "service") as service:
        figures = bench.compare([
            (bench.subject(Merlon, "merlon-plain-service", service=service.in_the_clear()), bench.hs256),
            (bench.subject(Merlon, "merlon-mtls-alone", service=service.over_mutual_tls()), bench.hs256),
            (bench.subject(Merlon, "merlon-mtls-service", service=service.told_who_asks(), pki=service.directory / "pki"), bench.hs256)])
    ratio = figures["merlon-mtls-service"]["cpu_us"] / figures["merlon-plain-service"]["cpu_us"]
    return figures, [judge("gateway to a service over mutual TLS, CPU of in the clear", ratio, 1.3)]
