import Glibc

/// The thread of a ``PortForwarder``. The sockets belong to it alone and are closed when it returns;
/// the wake pipe stays the forwarder's.
struct ForwardingLoop: Sendable {
    /// One direction of a connection.
    private struct Pipe {
        let from: Int32
        let to: Int32
        var buffer: [UInt8] = []
        var isAtEnd = false
    }

    let listener: Int32
    let wake: Int32
    let target: UInt16
    private static let bufferSize = 65_536

    init(listener: Int32, wake: Int32, target: UInt16) {
        self.listener = listener
        self.wake = wake
        self.target = target
    }

    /// Passes bytes on until the wake pipe has something to read.
    func run() {
        var connections: [[Pipe]] = []
        defer {
            for connection in connections { close(connection) }
            Glibc.close(listener)
        }
        while true {
            var watched = [watch(wake, POLLIN), watch(listener, POLLIN)]
            for connection in connections {
                for pipe in connection {
                    // Reading while the buffer is empty, writing while it is not; errors are told in any case.
                    watched.append(watch(pipe.from, pipe.buffer.isEmpty && !pipe.isAtEnd ? POLLIN : 0))
                    watched.append(watch(pipe.to, pipe.buffer.isEmpty ? 0 : POLLOUT))
                }
            }
            guard poll(&watched, nfds_t(watched.count), -1) >= 0 || errno == EINTR else { return }
            if watched[0].revents != 0 { return }
            for index in connections.indices.reversed() {
                let states = watched[(2 + index * 4)..<(6 + index * 4)].map(\.revents)
                if !pass(&connections[index], states) {
                    close(connections[index])
                    connections.remove(at: index)
                }
            }
            if watched[1].revents & Int16(POLLIN) != 0, let connection = accept() { connections.append(connection) }
        }
    }

    private func watch(_ fd: Int32, _ events: Int32) -> pollfd {
        // A descriptor without interest is left out, or a half-closed one would wake the poll for ever.
        pollfd(fd: events == 0 ? -1 : fd, events: Int16(events), revents: 0)
    }

    private func accept() -> [Pipe]? {
        let client = Glibc.accept(listener, nil, nil)
        guard client >= 0 else { return nil }
        let server = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard server >= 0, PortForwarder.withLoopbackAddress(target, { connect(server, $0, $1) }) == 0 else {
            Glibc.close(client)
            if server >= 0 { Glibc.close(server) }
            return nil
        }
        for fd in [client, server] {
            _ = fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK)
            var yes: Int32 = 1
            setsockopt(fd, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
        }
        return [Pipe(from: client, to: server), Pipe(from: server, to: client)]
    }

    /// Moves what can be moved; whether the connection lives on.
    private func pass(_ connection: inout [Pipe], _ states: [Int16]) -> Bool {
        for index in connection.indices {
            if states[index * 2] != 0, !read(&connection[index]) { return false }
            if !connection[index].buffer.isEmpty, !write(&connection[index]) { return false }
        }
        return !connection.allSatisfy(\.isAtEnd)
    }

    private func read(_ pipe: inout Pipe) -> Bool {
        let count: Int
        var chunk = [UInt8](repeating: 0, count: Self.bufferSize)
        count = Glibc.read(pipe.from, &chunk, chunk.count)
        if count > 0 {
            pipe.buffer = Array(chunk.prefix(count))
        } else if count == 0 {
            pipe.isAtEnd = true
            shutdown(pipe.to, Int32(SHUT_WR))
        } else if errno != EAGAIN, errno != EINTR {
            return false
        }
        return true
    }

    private func write(_ pipe: inout Pipe) -> Bool {
        // MSG_NOSIGNAL: a client that has gone must not end the program with SIGPIPE.
        let count = send(pipe.to, pipe.buffer, pipe.buffer.count, Int32(MSG_NOSIGNAL))
        if count > 0 {
            pipe.buffer.removeFirst(count)
        } else if count < 0, errno != EAGAIN, errno != EINTR {
            return false
        }
        return true
    }

    private func close(_ connection: [Pipe]) {
        // Both pipes share the two sockets.
        guard let pipe = connection.first else { return }
        Glibc.close(pipe.from)
        Glibc.close(pipe.to)
    }
}
