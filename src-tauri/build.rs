//! Makes a permission of every command that the capability file allows; a test holds the file against the
//! list of all commands.

/// What the window may call.
const CAPABILITY: &str = "capabilities/main.json";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo:rerun-if-changed={CAPABILITY}");
    // The names of the window's files change with their content: a new window is a new program.
    println!("cargo:rerun-if-changed=../ui/dist/index.html");
    let capability: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(CAPABILITY)?)?;
    let allowed = capability["permissions"]
        .as_array()
        .ok_or("the capability file has no permissions")?;
    let commands: Vec<&'static str> = allowed
        .iter()
        .filter_map(|name| name.as_str()?.strip_prefix("allow-"))
        .map(|name| &*name.replace('-', "_").leak())
        .collect();
    let manifest = tauri_build::AppManifest::new().commands(commands.leak());
    tauri_build::try_build(tauri_build::Attributes::new().app_manifest(manifest))?;
    Ok(())
}
