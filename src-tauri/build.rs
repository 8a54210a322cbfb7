//! Makes a permission of every command, so that the capability file can allow them one by one.

include!("src/commands/names.rs");

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo:rerun-if-changed=src/commands/names.rs");
    // The names of the window's files change with their content: a new window is a new program.
    println!("cargo:rerun-if-changed=../ui/dist/index.html");
    let manifest = tauri_build::AppManifest::new().commands(NAMES);
    tauri_build::try_build(tauri_build::Attributes::new().app_manifest(manifest))?;
    Ok(())
}
