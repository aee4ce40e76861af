//! Where the network reaches us; while this process stands by, it passes connections on to the one at work.
//!
//! So any number of processes answer behind a load balancer that knows nothing of them. Bytes are passed on as they are, behind one
//! line that says who is at the other end. While no process works, connections are held; those that this process holds when it
//! begins to work are served here. A webhook that its provider sends only once waits out a change of the process.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use engine::secret::Secret;
use engine_store::Reach;
use subtle::ConstantTimeEq;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Mutex, Semaphore, mpsc, watch};
use tokio::time::{sleep, timeout};

use crate::peer::Peer;
use crate::server::Listener;

/// How the line begins that is put before what is passed on. No request begins like this.
const PREFACE: &str = "SWITCHBOARD";
/// How long that line is: the word, and an address with blanks behind it.
const LINE: usize = PREFACE.len() + 1 + 2 * WORD + 1 + ADDRESS + 1;
/// Bytes of a word, which is written in hexadecimal.
const WORD: usize = 24;
/// The longest address with a port, IPv6 with a scope.
const ADDRESS: usize = 64;
/// How long the process at work may take to accept a connection.
const CONNECT: Duration = Duration::from_millis(1_500);
/// Pause before the process at work is tried again, and after the system refused a connection.
const PAUSE: Duration = Duration::from_millis(100);

/// A connection, and who made it.
type Held = (TcpStream, SocketAddr);

/// Where the network reaches us.
pub(crate) struct Front {
    listener: TcpListener,
    /// What those that stand by name when they pass a connection on to us.
    word: Arc<Secret>,
    /// Connections that were held until we began to work.
    held: Mutex<mpsc::UnboundedReceiver<Held>>,
    back: mpsc::UnboundedSender<Held>,
}

impl Front {
    /// Listens on `listener`.
    pub(crate) fn new(listener: TcpListener) -> io::Result<Self> {
        let mut word = [0; WORD];
        getrandom::fill(&mut word).map_err(io::Error::other)?;
        let (back, held) = mpsc::unbounded_channel();
        let word = Arc::new(Secret::new(hex::encode(word)));
        Ok(Self { listener, word, held: Mutex::new(held), back })
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// How others reach it: at `advertise`, else where it listens, by the machine's name when that is every address. `keys` are those
    /// of this process, as [`crate::keys::mark`] tells them.
    pub(crate) fn reach(&self, advertise: Option<&str>, keys: String) -> io::Result<Reach> {
        let own = self.address()?;
        let own = || match own.ip().is_unspecified() {
            true => format!("{}:{}", engine_store::machine(), own.port()),
            false => own.to_string(),
        };
        let address = advertise.map_or_else(own, str::to_owned);
        Ok(Reach { address, word: Secret::clone(&self.word), keys })
    }

    /// Passes connections on to whoever is `at_work`, at most `most` at once. The last word of `at_work` is that nobody is: what is held
    /// then is served by this process.
    pub(crate) async fn pass_on(&self, at_work: watch::Receiver<Option<Reach>>, most: usize) -> Infallible {
        let places = Arc::new(Semaphore::new(most));
        loop {
            let place = Arc::clone(&places).acquire_owned().await.expect("the semaphore is never closed");
            match self.listener.accept().await {
                Ok(held) => {
                    let (at_work, back) = (at_work.clone(), self.back.clone());
                    tokio::spawn(async move {
                        if let Some(held) = passed_on(held, at_work).await {
                            // Nobody takes it any more when the process ends.
                            let _ = back.send(held);
                        }
                        drop(place);
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    sleep(PAUSE).await;
                }
            }
        }
    }
}

/// Passes a connection on for as long as it lasts; gives it back when this process is to serve it.
async fn passed_on((mut stream, peer): Held, mut at_work: watch::Receiver<Option<Reach>>) -> Option<Held> {
    loop {
        let reach = at_work.borrow_and_update().clone();
        if let Some(reach) = &reach
            && let Ok(Ok(mut there)) = timeout(CONNECT, connect(reach, peer)).await
        {
            // What was sent to a process that another replaced is not answered any more: whoever waits for it must ask again.
            let replaced = at_work.wait_for(|now| now.as_ref() != Some(reach));
            tokio::select! {
                _ = copy_bidirectional(&mut stream, &mut there) => {}
                _ = replaced => {}
            }
            return None;
        }
        tokio::select! {
            changed = at_work.changed() => if changed.is_err() { return Some((stream, peer)) },
            () = sleep(PAUSE), if reach.is_some() => {}
        }
    }
}

async fn connect(reach: &Reach, peer: SocketAddr) -> io::Result<TcpStream> {
    let mut there = TcpStream::connect(&reach.address).await?;
    there.set_nodelay(true)?;
    let line = format!("{PREFACE} {} {:<ADDRESS$}\n", reach.word.expose(), peer.to_string());
    there.write_all(line.as_bytes()).await?;
    Ok(there)
}

/// Whose connection this is, if one that stands by passes it on. Waits until the other side has said something.
///
/// # Errors
/// When it breaks off, or begins like one that is passed on and is none.
pub(crate) async fn announced(stream: &mut TcpStream, word: &Secret) -> io::Result<Option<SocketAddr>> {
    let mut first = [0];
    if stream.peek(&mut first).await? == 0 || first[0] != PREFACE.as_bytes()[0] {
        return Ok(None);
    }
    let mut line = [0; LINE];
    stream.read_exact(&mut line).await?;
    let wrong = || io::Error::new(io::ErrorKind::InvalidData, "neither a request nor a connection that is passed on");
    let text = std::str::from_utf8(&line).map_err(|_| wrong())?;
    let [preface, given, address] = text.split_ascii_whitespace().collect::<Vec<_>>()[..] else { return Err(wrong()) };
    if preface != PREFACE || !bool::from(given.as_bytes().ct_eq(word.expose().as_bytes())) {
        return Err(wrong());
    }
    address.parse().map(Some).map_err(|_| wrong())
}

impl Listener for Front {
    type Stream = TcpStream;

    async fn accept(&self) -> io::Result<(TcpStream, Peer)> {
        let mut held = self.held.lock().await;
        let (stream, address) = tokio::select! {
            biased;
            Some(held) = held.recv() => held,
            accepted = self.listener.accept() => accepted?,
        };
        stream.set_nodelay(true)?;
        Ok((stream, Peer::Network(address)))
    }

    fn word(&self) -> Option<Arc<Secret>> {
        Some(Arc::clone(&self.word))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn front() -> Front {
        Front::new(TcpListener::bind("127.0.0.1:0").await.unwrap()).unwrap()
    }

    /// Takes one connection as the process at work does, answers what it says with who said it, and hangs up.
    async fn answer(front: &Front) {
        let (mut stream, peer) = front.accept().await.unwrap();
        let told = announced(&mut stream, &front.word).await.unwrap();
        let Peer::Network(own) = peer else { panic!("{peer:?}") };
        let mut said = [0; 4];
        stream.read_exact(&mut said).await.unwrap();
        let answer = format!("{} from {}", str::from_utf8(&said).unwrap(), told.unwrap_or(own));
        stream.write_all(answer.as_bytes()).await.unwrap();
    }

    /// Says something and reads what comes until the other side hangs up; what it should be, and what it is.
    async fn ask(address: SocketAddr) -> (String, String) {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let expected = format!("ping from {}", stream.local_addr().unwrap());
        stream.write_all(b"ping").await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        (expected, answer)
    }

    #[tokio::test]
    async fn what_is_passed_on_is_answered_by_the_one_at_work_who_learns_whose_it_is() {
        let (working, standing) = (front().await, front().await);
        let (tell, at_work) = watch::channel(Some(working.reach(None, "keys".into()).unwrap()));
        let address = standing.address().unwrap();
        let asked = async {
            let (expected, answer) = ask(address).await;
            assert_eq!(answer, expected);
            let (expected, answer) = ask(working.address().unwrap()).await;
            assert_eq!(answer, expected, "and who comes by itself is who it is");
        };
        tokio::select! {
            never = standing.pass_on(at_work, 1) => match never {},
            () = async { loop { answer(&working).await } } => {}
            () = asked => {}
        }
        drop(tell);
    }

    #[tokio::test]
    async fn what_is_held_when_this_process_begins_to_work_is_served_by_it() {
        let standing = front().await;
        let (tell, at_work) = watch::channel(None);
        let asking = tokio::spawn(ask(standing.address().unwrap()));
        let held = async {
            while standing.back.strong_count() == 1 {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            never = standing.pass_on(at_work, 1) => match never {},
            () = held => {}
        }
        drop(tell);
        answer(&standing).await;
        let (expected, answered) = asking.await.unwrap();
        assert_eq!(answered, expected);
    }

    #[tokio::test]
    async fn nobody_without_the_word_says_whose_a_connection_is() {
        let working = front().await;
        let forged = Reach { word: Secret::new("0".repeat(2 * WORD)), ..working.reach(None, "keys".into()).unwrap() };
        let _there = connect(&forged, ([203, 0, 113, 9], 7).into()).await.unwrap();
        let (mut stream, _) = working.accept().await.unwrap();
        let refused = announced(&mut stream, &working.word).await.unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::InvalidData);
    }
}
