//! The program itself, as a user starts it. This also has cargo build it with the tests, for the
//! journeys that drive it.

use std::process::Command;

#[test]
fn it_tells_its_version_without_a_display() {
    let output = Command::new(env!("CARGO_BIN_EXE_zhengqiao-desktop"))
        .arg("--version")
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY")
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said}");
    assert!(said.contains(env!("CARGO_PKG_VERSION")), "{said}");
}
