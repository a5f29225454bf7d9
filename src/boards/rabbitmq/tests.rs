use super::*;

/// Answers of a real broker (4.0): the exchange `shop` leads to the queues `orders`, from which a
/// consumer with prefetch 2 takes, and `audit`.
fn recorded() -> Answers<'static> {
    Answers {
        exchanges: include_bytes!("fixtures/exchanges.json"),
        bindings: include_bytes!("fixtures/bindings.json"),
        queues: include_bytes!("fixtures/queues.json"),
        consumers: include_bytes!("fixtures/consumers.json"),
    }
}

#[test]
fn a_broker_s_answers_become_a_picture() {
    let picture = picture(recorded()).unwrap();
    let exchanges: Vec<_> = picture.exchanges.iter().map(|e| e.name.as_str()).collect();
    assert_eq!(exchanges, ["", "shop"]);
    let bindings: Vec<_> = picture
        .bindings
        .iter()
        .map(|b| (b.source.as_str(), b.key.as_str(), b.destination.as_str()))
        .collect();
    assert_eq!(
        bindings,
        [("shop", "#", "audit"), ("shop", "order.*", "orders")]
    );
    let [audit, orders] = picture.queues.as_slice() else {
        panic!("{:?}", picture.queues);
    };
    assert_eq!(
        (audit.kind.as_str(), audit.durable, audit.exclusive),
        ("quorum", true, false)
    );
    assert_eq!((audit.ready, orders.ready), (Some(3), Some(0)));
    assert_eq!(orders.dead_letter_exchange.as_deref(), Some("dead"));
    assert_eq!(orders.ttl, Some(60_000));
    let [packer] = picture.consumers.as_slice() else {
        panic!("{:?}", picture.consumers);
    };
    assert_eq!(
        (packer.tag.as_str(), packer.queue.as_str(), packer.prefetch),
        ("packer", "orders", 2)
    );
    assert!(packer.acknowledges && packer.channel.ends_with("(1)"));
}

#[test]
fn numbers_that_a_broker_has_not_counted_yet_stay_open() {
    let queues = br#"[{"name":"new","durable":false,"arguments":{}}]"#;
    let picture = picture(Answers {
        queues,
        ..recorded()
    })
    .unwrap();
    assert_eq!(picture.queues[0].ready, None);
}

#[test]
fn what_a_check_makes_for_a_moment_is_not_in_the_picture() {
    let picture = picture(Answers {
        exchanges: br#"[{"name":"shop"},{"name":"slipway-probe-7-shop"}]"#,
        bindings: br#"[{"source":"slipway-probe-7-shop","destination":"slipway-probe-7-orders"},
            {"source":"shop","destination":"orders"}]"#,
        queues: br#"[{"name":"orders","arguments":{}},{"name":"slipway-probe-7-orders","arguments":{}}]"#,
        consumers: b"[]",
    })
    .unwrap();
    assert_eq!(picture.exchanges.len(), 1);
    assert_eq!(picture.bindings.len(), 1);
    assert_eq!(picture.queues.len(), 1);
}

#[test]
fn a_flood_of_queues_is_cut_and_counted() {
    let queues: Vec<_> = (0..5000)
        .map(|n| serde_json::json!({"name": format!("q{n:04}\u{202e}"), "durable": true}))
        .collect();
    let queues = serde_json::to_vec(&queues).unwrap();
    let picture = picture(Answers {
        queues: &queues,
        ..recorded()
    })
    .unwrap();
    assert_eq!(picture.queues.len(), MAX_QUEUES);
    assert_eq!(picture.more.queues, 5000 - MAX_QUEUES);
    assert_eq!(picture.queues[0].name, "q0000");
}

#[test]
fn what_is_no_answer_gives_no_picture() {
    for nonsense in [&b"{}"[..], b"<html>", b"", b"[{\"name\": 5}]"] {
        let answers = Answers {
            queues: nonsense,
            ..recorded()
        };
        assert!(picture(answers).is_err());
    }
}
