use super::*;

const MEMBERS: &str = r#"{"header":{"cluster_id":"17237436991929493444","member_id":"9372538179322589801","raft_term":"3"},"members":[{"ID":"9372538179322589801","name":"etcd1","peerURLs":["http://etcd1:2380"],"clientURLs":["http://etcd1:2379"]},{"ID":"10501334649042878790","name":"etcd2","peerURLs":["http://etcd2:2380"],"clientURLs":["http://etcd2:2379"]},{"ID":"18249187646912138824","name":"etcd3","peerURLs":["http://etcd3:2380"],"clientURLs":["http://etcd3:2379"]}]}"#;

fn status(id: &str, leader: &str, term: u64, revision: u64, errors: &str) -> Vec<u8> {
    format!(
        r#"{{"header":{{"cluster_id":"17237436991929493444","member_id":"{id}","revision":"{revision}","raft_term":"{term}"}},"version":"3.5.16","dbSize":"24576","leader":"{leader}","raftIndex":"12","raftTerm":"{term}","raftAppliedIndex":"12","dbSizeInUse":"20480"{errors}}}"#
    )
    .into_bytes()
}

fn answers(machine: &str, status: Option<Vec<u8>>) -> Answers {
    Answers {
        machine: machine.to_owned(),
        members: status.is_some().then(|| MEMBERS.as_bytes().to_vec()),
        status,
    }
}

const ONE: &str = "9372538179322589801";
const TWO: &str = "10501334649042878790";
const THREE: &str = "18249187646912138824";

#[test]
fn members_that_follow_one_leader_have_a_quorum() {
    let picture = picture(&[
        answers("etcd1", Some(status(ONE, TWO, 3, 8, ""))),
        answers("etcd2", Some(status(TWO, TWO, 3, 8, ""))),
        answers("etcd3", Some(status(THREE, TWO, 3, 7, ""))),
    ])
    .unwrap();
    assert!(picture.quorum);
    assert_eq!(picture.size, 3);
    let leads: Vec<_> = picture
        .members
        .iter()
        .map(|m| m.status.as_ref().unwrap().leads)
        .collect();
    assert_eq!(leads, [false, true, false]);
    let third = picture.members[2].status.as_ref().unwrap();
    assert_eq!(
        (third.leader.as_deref(), third.revision, third.term),
        (Some("etcd2"), 7, 3)
    );
    assert_eq!(third.size, 24576);
}

#[test]
fn a_member_that_is_down_is_part_of_the_picture() {
    let picture = picture(&[
        answers("etcd1", Some(status(ONE, ONE, 4, 9, ""))),
        answers("etcd2", None),
        answers("etcd3", Some(status(THREE, ONE, 4, 9, ""))),
    ])
    .unwrap();
    assert!(picture.quorum);
    assert_eq!(picture.members[1].status, None);
    assert_eq!(picture.members[1].name.as_deref(), Some("etcd2"));
}

#[test]
fn a_minority_has_no_quorum_and_no_leader() {
    let errors = r#","errors":["etcdserver: no leader"]"#;
    let picture = picture(&[
        answers("etcd1", Some(status(ONE, "0", 4, 9, errors))),
        answers("etcd2", None),
        answers("etcd3", None),
    ])
    .unwrap();
    assert!(!picture.quorum);
    let one = picture.members[0].status.as_ref().unwrap();
    assert_eq!((one.leader.as_deref(), one.leads), (None, false));
    assert_eq!(one.errors, ["etcdserver: no leader"]);
}

#[test]
fn an_old_leader_on_the_small_side_of_a_partition_has_no_quorum_of_its_own() {
    let picture = picture(&[
        answers("etcd1", Some(status(ONE, ONE, 3, 8, ""))),
        answers("etcd2", Some(status(TWO, TWO, 4, 9, ""))),
        answers("etcd3", Some(status(THREE, TWO, 4, 9, ""))),
    ])
    .unwrap();
    assert!(picture.quorum);
    assert!(picture.members[0].status.as_ref().unwrap().leads);
    assert!(picture.members[1].status.as_ref().unwrap().leads);
}

#[test]
fn alarms_are_read_from_what_members_complain_of() {
    let errors = r#","errors":["memberID:9372538179322589801 alarm:NOSPACE "]"#;
    let picture = picture(&[answers("etcd1", Some(status(ONE, ONE, 2, 5, errors)))]).unwrap();
    assert_eq!(picture.alarms, ["NOSPACE"]);
}

#[test]
fn nobody_answers_and_there_is_still_a_picture() {
    let picture = picture(&[answers("etcd1", None), answers("etcd2", None)]).unwrap();
    assert_eq!((picture.members.len(), picture.size), (2, 0));
    assert!(!picture.quorum);
}
