"""A network of one's own for a row: the script and what it starts on one side, the broker on the other, and a namespace between them.

    here, 192.0.2.1 --- 192.0.2.254, middle, 198.51.100.254 --- 198.51.100.1, broker

Namespaces have no names and no files: each is an open descriptor of this process, or the process itself. The kernel takes them away
with their devices, routes, rules and settings when the last process in them ends, however that came about. Nothing outside is changed.
"""
import ctypes
import os
import shutil
import signal
import subprocess
import sys

import rig

CLIENT, GATEWAY = "192.0.2.1", "192.0.2.254"
BROKER, BROKER_GATEWAY = "198.51.100.1", "198.51.100.254"
# Of sched.h; Python has had os.unshare since 3.12 only.
CLONE_NEWNET = 0x40000000


def leave():
    """Leaves the network that this process shares with others for a new one."""
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


class Namespace:
    """The network that this process is in now; commands can be started in it later on."""

    def __init__(self):
        self.descriptor = os.open("/proc/self/ns/net", os.O_RDONLY)
        self.path = f"/proc/{os.getpid()}/fd/{self.descriptor}"

    @property
    def prefix(self):
        """Put before a command, has it run in here; it keeps its process id."""
        return ["nsenter", f"--net={self.path}", "--"]

    def run(self, *command):
        """Runs a command of one string or several, and is sure that it went well."""
        words = [word for part in command for word in part.split()]
        done = subprocess.run([*self.prefix, *words], capture_output=True, text=True)
        if done.returncode != 0:
            rig.fail(f"{' '.join(words)}: {done.stderr.strip() or done.returncode}")

    def can(self, command):
        return subprocess.run([*self.prefix, *command.split()], capture_output=True).returncode == 0

    def set(self, setting, value):
        """A setting below /proc/sys/net, which each namespace has for itself."""
        subprocess.run([*self.prefix, "sh", "-c", f"echo {value} >/proc/sys/net/{setting}"], check=True)


class Network:
    """Three namespaces in a row; this process is in the first."""

    def __init__(self, row, *tools):
        """To be called before any thread or program is started. Where something is missing, says so and ends as not run."""
        if os.geteuid() != 0:
            row.not_run("network namespaces and their links are made by root only")
        for tool in ("ip", "nsenter", *tools):
            if shutil.which(tool) is None:
                row.not_run(f"the program {tool} is missing")
        # What needs the world outside: it cannot be reached from here on.
        rig.streamgauge()
        rig.Broker.find()
        try:
            leave()
            self.broker = Namespace()
            leave()
            self.middle = Namespace()
            leave()
            self.here = Namespace()
        except OSError as error:
            row.not_run(f"the kernel gives no namespaces: {error.strerror}")
        if not self.here.can(f"ip link add client type veth peer name client netns {self.middle.path}"):
            row.not_run("the kernel has no veth pairs (CONFIG_VETH)")
        self.middle.run(f"ip link add broker type veth peer name broker netns {self.broker.path}")
        for namespace in (self.here, self.middle, self.broker):
            namespace.run("ip link set lo up")
        self.middle.run(f"ip address add {GATEWAY}/24 dev client")
        self.middle.run(f"ip address add {BROKER_GATEWAY}/24 dev broker")
        self.middle.run("ip link set client up")
        self.middle.run("ip link set broker up")
        self.connect_here()
        self.connect_broker()

    def connect_here(self):
        """Gives this side its link, its address and its route, whatever of them it has."""
        self.connect(self.here, "client", CLIENT, GATEWAY)

    def connect_broker(self):
        self.connect(self.broker, "broker", BROKER, BROKER_GATEWAY)

    @staticmethod
    def connect(namespace, device, address, gateway):
        namespace.run(f"ip link set {device} up")
        namespace.run(f"ip address replace {address}/24 dev {device}")
        namespace.run(f"ip route replace default via {gateway}")

    def routes_packets(self):
        """Makes the one between a router."""
        self.middle.set("ipv4/ip_forward", 1)

    def shadows_broker(self):
        """Gives the one between the broker's address as well. What it sends there from its own address on the broker's side goes to
        the broker, all else stays; the rule for its own addresses has to come after that."""
        self.middle.run(f"ip address add {BROKER}/32 dev lo")
        self.middle.run(f"ip route add {BROKER}/32 dev broker table 100")
        self.middle.run(f"ip rule add from {BROKER_GATEWAY} to {BROKER} lookup 100 priority 1")
        self.middle.run("ip rule add lookup local priority 2")
        self.middle.run("ip rule del priority 0")


# These would end the script without ending what it has started.
for number in (signal.SIGHUP, signal.SIGINT):
    signal.signal(number, lambda number, _: sys.exit(128 + number))
