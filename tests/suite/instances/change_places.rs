//! Instances are stopped and started one after the other while requests come in: none is lost.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, RwLock};
use std::thread;
use std::time::Duration;

use keywright::domain::client::ClientType;
use reqwest::blocking::Client;

use crate::support::{Served, TestPortal};

#[test]
fn a_rolling_restart_loses_no_request() {
    let portal = TestPortal::on_real_time();
    let company = portal.company("northwind");
    let app = portal.app(&company, ClientType::ClientCredentials, |_| {});
    let one = Served::on(&portal);
    let two = one.another();
    // What a load balancer knows.
    let addresses = RwLock::new([one.url.clone(), two.url.clone()]);
    let (over, answered, lost) = (AtomicBool::new(false), AtomicUsize::new(0), Mutex::new(Vec::new()));
    // They outlive the last request.
    let mut instances = [Some(one), Some(two)];
    thread::scope(|scope| {
        for first in 0..4 {
            let (addresses, over, answered, lost, app) = (&addresses, &over, &answered, &lost, &app);
            scope.spawn(move || {
                let http = Client::builder().pool_max_idle_per_host(0).build().unwrap();
                while !over.load(Ordering::SeqCst) {
                    // As load balancers do: where nobody takes the connection, the next one is asked.
                    let known = addresses.read().unwrap();
                    let ask = |at: usize| {
                        http.post(format!("{}/oauth2/token", known[at]))
                            .basic_auth(&app.client_id, Some(&app.secret))
                            .form(&[("grant_type", "client_credentials")])
                            .send()
                    };
                    let answer = match ask(first % 2) {
                        Err(error) if error.is_connect() => ask((first + 1) % 2),
                        other => other,
                    };
                    match answer {
                        Ok(answer) if answer.status() == 200 => {
                            answered.fetch_add(1, Ordering::SeqCst);
                        }
                        Ok(answer) => lost.lock().unwrap().push(answer.status().to_string()),
                        Err(error) => lost.lock().unwrap().push(format!("{error:?}")),
                    }
                    drop(known);
                }
            });
        }
        for _ in 0..2 {
            for (at, instance) in instances.iter_mut().enumerate() {
                thread::sleep(Duration::from_millis(400));
                let new = instance.as_ref().unwrap().another();
                let url = new.url.clone();
                let old = instance.replace(new).unwrap();
                // Taken out first, and stopped when nobody who was sent there waits for an answer any more.
                addresses.write().unwrap()[at] = url;
                assert!(old.terminate(), "it ends well");
            }
        }
        over.store(true, Ordering::SeqCst);
    });
    let lost = lost.into_inner().unwrap();
    println!("{} answered, {} lost", answered.load(Ordering::SeqCst), lost.len());
    assert!(lost.is_empty(), "{lost:?}");
    assert!(answered.into_inner() > 100);
}
