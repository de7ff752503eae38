//! Stands between the program and its database, and does to the connections what a network or a dying server does.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Passes,
    /// Nobody listens, and what was open is cut.
    Gone,
    /// Every piece from the server comes so much later.
    Slow(Duration),
    /// Connections stay, and nothing comes any more.
    Frozen,
    Ended,
}

pub struct Proxy {
    mode: Arc<Mutex<Mode>>,
    open: Arc<Mutex<Vec<TcpStream>>>,
}

impl Proxy {
    /// In front of the server of this address; answers with the address that leads through it.
    pub fn before(database: &str) -> (Self, String) {
        let mut url = url::Url::parse(database).expect("an address");
        let to: SocketAddr = format!("127.0.0.1:{}", url.port().expect("a port")).parse().expect("an address");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("its address");
        let (mode, open) = (Arc::new(Mutex::new(Mode::Passes)), Arc::<Mutex<Vec<TcpStream>>>::default());
        let proxy = Self { mode: Arc::clone(&mode), open: Arc::clone(&open) };
        thread::spawn(move || accept(listener, to, &mode, &open));
        url.set_port(Some(address.port())).expect("a port");
        (proxy, url.to_string())
    }

    pub fn cut(&self) {
        self.set(Mode::Gone);
        for stream in self.open.lock().expect("streams").drain(..) {
            stream.shutdown(Shutdown::Both).ok();
        }
    }

    pub fn freeze(&self) {
        self.set(Mode::Frozen);
    }

    pub fn slow(&self, by: Duration) {
        self.set(Mode::Slow(by));
    }

    pub fn mend(&self) {
        self.set(Mode::Passes);
    }

    fn set(&self, mode: Mode) {
        *self.mode.lock().expect("the mode") = mode;
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.cut();
        self.set(Mode::Ended);
    }
}

fn accept(listener: TcpListener, to: SocketAddr, mode: &Arc<Mutex<Mode>>, open: &Arc<Mutex<Vec<TcpStream>>>) {
    let address = listener.local_addr().expect("its address");
    let mut listener = Some(listener);
    loop {
        let now = *mode.lock().expect("the mode");
        if now == Mode::Ended {
            return;
        } else if now == Mode::Gone {
            listener = None;
        } else if let Some(bound) = &listener {
            bound.set_nonblocking(true).expect("it can be asked");
            if let Ok((client, _)) = bound.accept() {
                client.set_nonblocking(false).expect("it can wait");
                join(client, to, mode, open);
                continue;
            }
        } else {
            // The port was free a moment ago.
            listener = TcpListener::bind(address).ok();
        }
        thread::sleep(Duration::from_millis(5));
    }
}

fn join(client: TcpStream, to: SocketAddr, mode: &Arc<Mutex<Mode>>, open: &Mutex<Vec<TcpStream>>) {
    let Ok(server) = TcpStream::connect(to) else { return };
    for stream in [&client, &server] {
        stream.set_nodelay(true).ok();
        open.lock().expect("streams").push(stream.try_clone().expect("a copy"));
    }
    let (client_too, server_too) = (client.try_clone().expect("a copy"), server.try_clone().expect("a copy"));
    let (there, back) = (Arc::clone(mode), Arc::clone(mode));
    thread::spawn(move || carry(client, server_too, &there, false));
    thread::spawn(move || carry(server, client_too, &back, true));
}

/// From one to the other until one of them ends.
fn carry(mut from: TcpStream, mut to: TcpStream, mode: &Mutex<Mode>, answers: bool) {
    let mut buffer = [0; 16 * 1024];
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        loop {
            let now = *mode.lock().expect("the mode");
            match now {
                Mode::Frozen => thread::sleep(Duration::from_millis(20)),
                Mode::Slow(by) if answers => {
                    thread::sleep(by);
                    break;
                }
                _ => break,
            }
        }
        if to.write_all(&buffer[..read]).is_err() {
            break;
        }
    }
    from.shutdown(Shutdown::Both).ok();
    to.shutdown(Shutdown::Both).ok();
}
