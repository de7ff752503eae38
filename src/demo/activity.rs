//! What the demo's clients asked for, day after day, and what they were refused.

use std::time::Duration;

use super::{DAY, Story};
use crate::clock::Timestamp;
use crate::crypto::{hex, random};
use crate::domain::id::{ClientUid, SecretId};
use crate::domain::protocol::event::{Endpoint, ProtocolEvent};
use crate::domain::protocol::fault::{Fault, Refusal};

const HOUR: Duration = Duration::from_secs(3_600);
const MINUTE: Duration = Duration::from_secs(60);

/// Requests in each hour of a day, in UTC: people sleep at night.
const BUSY: [u32; 24] = [1, 0, 0, 0, 1, 2, 4, 7, 9, 8, 7, 8, 9, 7, 6, 7, 9, 10, 7, 5, 4, 3, 2, 1];

const NETWORKS: [&str; 2] = ["192.0.2.0/24", "2001:db8:40::/48"];

/// One request that was refused.
pub(super) struct Refused {
    pub client: ClientUid,
    pub minutes_ago: u32,
    pub endpoint: Endpoint,
    pub attempted: &'static str,
    pub fault: Fault,
    pub expected: &'static str,
    pub received: &'static str,
}

impl Story<'_> {
    /// A client got tokens with a secret, for the last time some days ago, and in the month before that.
    pub(super) fn used(&self, client: ClientUid, secret: SecretId, grant: &'static str, days_ago: u32) {
        let last = self.now.minus(days_ago * DAY).minus(Duration::from_secs(1_234));
        let begins = self.now.minus(30 * DAY).start_of(HOUR);
        for hour in 0..30 * 24u32 {
            let hour = begins.plus(HOUR * hour);
            let of_day = usize::try_from(hour.since(hour.start_of(DAY)).as_secs() / 3_600).unwrap_or(0);
            for request in 0..BUSY[of_day] {
                let at = hour.plus(request * 6 * MINUTE);
                if at < last {
                    self.granted(client, secret, grant, at);
                }
            }
        }
        self.granted(client, secret, grant, last);
    }

    fn granted(&self, client: ClientUid, secret: SecretId, attempted: &str, at: Timestamp) {
        // One in four comes from the other data centre.
        let network = NETWORKS[usize::from(at.micros() / 360_000_000 % 4 == 0)];
        let log = self.operations.protocol_log();
        log.note_secret(secret, network.into(), at);
        log.note(self.event(client, at, Endpoint::Token, attempted, None, network));
    }

    /// Writes down what was noted until now, and then these: so none of them is lost among the others.
    pub(super) fn refusals(&self, refused: &[Refused]) -> anyhow::Result<()> {
        self.operations.flush_protocol_log()?;
        for one in refused {
            let refusal = Refusal::comparing(one.fault, one.expected, one.received);
            let at = self.now.minus(MINUTE * one.minutes_ago);
            let event = self.event(one.client, at, one.endpoint, one.attempted, Some(refusal), NETWORKS[0]);
            self.operations.protocol_log().note(event);
        }
        Ok(self.operations.flush_protocol_log()?)
    }

    fn event(
        &self,
        client: ClientUid,
        at: Timestamp,
        endpoint: Endpoint,
        attempted: &str,
        refusal: Option<Refusal>,
        network: &str,
    ) -> ProtocolEvent {
        ProtocolEvent {
            reference: hex(&random::bytes::<5>()).to_uppercase(),
            tenant: self.company.tenant.id,
            client: Some(client),
            at,
            endpoint,
            attempted: attempted.to_owned(),
            refusal,
            network: network.to_owned(),
        }
    }
}
