//! The demo as people have it: a rollout breaks on the page, the thread says why and proposes a rollback, somebody presses
//! Approve, and the thread tells the recovery. Chromium is the somebody.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use sim::lambda::find_binary;
use tests::judges;

/// Ended when it is let go of, however the test ends.
struct Demo(Child);

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn whoever_presses_approve_on_the_page_sees_the_rollback_and_the_recovery() {
    let (Some(python), Some(chromium)) = (judges::python(), judges::chromium()) else { return };
    let binary = find_binary("nightshift").expect("built by `cargo build --workspace --bins`");
    let child = Command::new(binary).args(["demo", "--scenario", "bad-rollout"]).stdout(Stdio::piped()).spawn();
    let mut demo = Demo(child.expect("the demo runs"));
    // Kept open: whoever prints into a closed pipe ends.
    let mut lines = BufReader::new(demo.0.stdout.take().expect("its output")).lines();
    let page = lines
        .by_ref()
        .map_while(Result::ok)
        .find_map(|line| Some(line.strip_prefix("the channel:")?.trim().to_owned()));
    let output = Command::new(python)
        .arg(judges::script("remediation_page.py"))
        .args([&page.expect("the page's address"), &chromium.display().to_string()])
        .arg(judges::repository().join("target/remediation-page"))
        .output()
        .expect("python runs");
    let (said, complaint) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}\n{complaint}");
    assert_eq!(said.trim(), "recovered");
}
