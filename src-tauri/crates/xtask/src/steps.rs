//! What each command does, step by step.

use std::fs;
use std::path::Path;

use crate::packages::{self, BUILD, DATABASES, DIRECTORY, JOURNEYS, SERVERS, WINDOW};
use crate::process::{Outcome, build_dir, command, exists, root, run};
use crate::window;

/// The window's files are in the program, as users have it.
const WINDOW_FEATURES: &str = "zhengqiao-desktop/custom-protocol";

/// `cargo xtask demo`.
pub fn demo(headless: bool, records: u64, seed: u64, defects: f64) -> Outcome {
    let display = ["DISPLAY", "WAYLAND_DISPLAY"]
        .iter()
        .any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()));
    let (records, seed, defects) = (records.to_string(), seed.to_string(), defects.to_string());
    let job = [
        "--records",
        &records,
        "--seed",
        &seed,
        "--defects",
        &defects,
    ];
    if headless || !display {
        packages::ensure(&[BUILD])?;
        cargo(&["build", "-p", "zhengqiao-cli"])?;
        let program = build_dir().join("debug").join("zhengqiao");
        let mut demo = command(&program.to_string_lossy(), &["demo"]);
        demo.args(job);
        return run(demo);
    }
    packages::ensure(&[BUILD, WINDOW])?;
    build_ui()?;
    cargo(&[
        "build",
        "-p",
        "zhengqiao-desktop",
        "--features",
        "custom-protocol",
    ])?;
    let program = build_dir().join("debug").join("zhengqiao-desktop");
    let mut demo = command(&program.to_string_lossy(), &["--demo"]);
    demo.args(job);
    run(demo)
}

/// `cargo xtask test`: every step is run; the failed ones are named at the end.
pub fn test(skip_window: bool) -> Outcome {
    let groups: &[&[&str]] = if skip_window {
        &[BUILD, DATABASES, DIRECTORY, SERVERS]
    } else {
        &[BUILD, DATABASES, DIRECTORY, SERVERS, WINDOW, JOURNEYS]
    };
    packages::ensure(groups)?;
    // One choice of packages and features for every step: another choice would compile the
    // dependencies once more.
    let chosen: &[&str] = if skip_window {
        &["--workspace", "--exclude", "zhengqiao-desktop"]
    } else {
        &["--workspace", "--features", WINDOW_FEATURES]
    };
    let mut failed = Vec::new();
    let mut step = |name: &str, outcome: Outcome| {
        if let Err(message) = outcome {
            eprintln!("✗ {name}: {message}");
            failed.push(name.to_owned());
        }
    };
    step("format", cargo(&["fmt", "--all", "--check"]));
    step("window sources", test_ui());
    step(
        "clippy",
        cargo(
            &[
                &["clippy"],
                chosen,
                &["--all-targets", "--", "-D", "warnings"],
            ]
            .concat(),
        ),
    );
    step(
        "tests",
        cargo(&[&["test"], chosen, &["--no-fail-fast"]].concat()),
    );
    step("generated types", types_of(chosen, true));
    if !skip_window {
        step("journeys", journeys());
    }
    step("licences", licences());
    if failed.is_empty() {
        eprintln!("\nall steps passed");
        Ok(())
    } else {
        Err(format!("failed: {}", failed.join(", ")))
    }
}

/// `cargo xtask dev`.
pub fn dev() -> Outcome {
    packages::ensure(&[BUILD, WINDOW])?;
    install_ui()?;
    let mut server = command("npm", &["run", "dev"]);
    server.current_dir(root().join("ui"));
    let mut server = server
        .spawn()
        .map_err(|error| format!("the development server could not be started: {error}"))?;
    let outcome = cargo(&["run", "-p", "zhengqiao-desktop"]);
    let stopped = server
        .kill()
        .and_then(|()| server.wait())
        .map_err(|error| format!("the development server: {error}"));
    outcome.and(stopped.map(|_| ()))
}

/// `cargo xtask types`.
pub fn types(check: bool) -> Outcome {
    types_of(&["-p", "zhengqiao-api"], check)
}

/// Writes or compares the types, with the packages that are being built anyway.
fn types_of(chosen: &[&str], check: bool) -> Outcome {
    let committed = root().join("ui/src/api/generated");
    let fresh = build_dir().join("types");
    if fresh.exists() {
        fs::remove_dir_all(&fresh).map_err(|error| format!("{}: {error}", fresh.display()))?;
    }
    let mut export = command(
        "cargo",
        &[&["test", "--quiet"], chosen, &["--lib", "export_bindings"]].concat(),
    );
    export.env("TS_RS_EXPORT_DIR", &fresh);
    run(export)?;
    let names = type_names(&fresh)?;
    let index: String = names
        .iter()
        .map(|name| format!("export type * from './{name}';\n"))
        .collect();
    write(&fresh.join("index.ts"), &index)?;
    if check {
        return compare(&fresh, &committed);
    }
    if committed.exists() {
        fs::remove_dir_all(&committed)
            .map_err(|error| format!("{}: {error}", committed.display()))?;
    }
    copy(&fresh, &committed)
}

/// Measures the pipeline, or the identity review, in a release build.
pub fn bench(args: &[String]) -> Outcome {
    packages::ensure(&[BUILD])?;
    if let Some(("parts", rest)) = args.split_first().map(|(name, rest)| (name.as_str(), rest)) {
        let mut all = vec![
            "bench",
            "--package",
            "zhengqiao-tests",
            "--bench",
            "parts",
            "--",
        ];
        all.extend(rest.iter().map(String::as_str));
        return cargo(&all);
    }
    if let Some(("window", rest)) = args.split_first().map(|(name, rest)| (name.as_str(), rest)) {
        return bench_window(rest);
    }
    let all = [
        "build",
        "--release",
        "--quiet",
        "--package",
        "zhengqiao-cli",
        "--package",
        "zhengqiao-tests",
        "--bin",
        "zhengqiao",
        "--bin",
        "bench",
    ];
    cargo(&all)?;
    let program = build_dir().join("release").join("bench");
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    run(command(&program.display().to_string(), &args))
}

/// `cargo xtask package`.
pub fn package() -> Outcome {
    packages::ensure(&[BUILD, WINDOW])?;
    build_ui()?;
    run(command(
        "npx",
        &[
            "--yes",
            "@tauri-apps/cli@2",
            "build",
            "--bundles",
            "deb,rpm",
        ],
    ))?;
    smaller_debs()
}

/// What a Debian package may have at most, in bytes.
const MOST_OF_A_DEB: u64 = 15_000_000;

/// Packs the Debian packages with xz: the bundler's own gzip leaves them half as large again. One that is too
/// large has something in it that does not belong there, such as the symbols of a program.
fn smaller_debs() -> Outcome {
    if !exists("dpkg-deb") {
        return Ok(());
    }
    let place = build_dir().join("release/bundle/deb");
    let packed = fs::read_dir(&place).map_err(|error| error.to_string())?;
    for entry in packed.flatten() {
        let deb = entry.path();
        if deb.extension().is_none_or(|kind| kind != "deb") {
            continue;
        }
        let open = deb.with_extension("open");
        let (deb, open) = (deb.display().to_string(), open.display().to_string());
        // What an earlier attempt left is in the way.
        let _ = fs::remove_dir_all(&open);
        run(command("dpkg-deb", &["-R", &deb, &open]))?;
        let pack = ["--root-owner-group", "-Zxz", "-z9", "-b", &open, &deb];
        run(command("dpkg-deb", &pack))?;
        fs::remove_dir_all(&open).map_err(|error| error.to_string())?;
        let size = fs::metadata(&deb).map_err(|error| error.to_string())?.len();
        println!("{deb}: {size} bytes");
        if size > MOST_OF_A_DEB {
            return Err(format!("{deb} has more than {MOST_OF_A_DEB} bytes"));
        }
    }
    Ok(())
}

fn cargo(args: &[&str]) -> Outcome {
    run(command("cargo", args))
}

fn npm(args: &[&str]) -> Outcome {
    let mut npm = command("npm", args);
    npm.current_dir(root().join("ui"));
    run(npm)
}

fn install_ui() -> Outcome {
    if !exists("npm") {
        return Err("Node.js with npm is needed to build the window".into());
    }
    let modified = |name: &str| {
        fs::metadata(root().join("ui").join(name))
            .and_then(|data| data.modified())
            .ok()
    };
    if modified("node_modules/.package-lock.json") >= modified("package-lock.json") {
        return Ok(());
    }
    npm(&["ci", "--no-audit", "--no-fund"])
}

fn build_ui() -> Outcome {
    install_ui()?;
    npm(&["run", "build"])
}

fn test_ui() -> Outcome {
    install_ui()?;
    npm(&["run", "lint"])?;
    npm(&["test"])?;
    npm(&["run", "build"])
}

/// Measures the released window over a demonstration of so many records, nothing but rejected ones.
fn bench_window(args: &[String]) -> Outcome {
    let records = match args {
        [] => "20000",
        [name, records] if name == "--records" => records,
        _ => return Err("bench window takes --records N and nothing else".into()),
    };
    packages::ensure(&[WINDOW, JOURNEYS])?;
    build_ui()?;
    cargo(&[
        "build",
        "--release",
        "--package",
        "zhengqiao-desktop",
        "--features",
        "custom-protocol",
    ])?;
    let program = build_dir().join("release").join("zhengqiao-desktop");
    let chosen = ["--ignored", "--nocapture", "measure::"];
    drive(&program, &chosen, &[("ZHENGQIAO_RECORDS", records)])
}

/// The window itself was built for its own test in the step before.
fn journeys() -> Outcome {
    let program = build_dir().join("debug").join("zhengqiao-desktop");
    drive(&program, &[], &[])
}

/// Runs tests that drive a window, on a display of their own.
fn drive(program: &Path, chosen: &[&str], settings: &[(&str, &str)]) -> Outcome {
    let display = window::Display::start()?;
    let mut tests = command(
        "cargo",
        &[
            "test",
            "--workspace",
            "--features",
            WINDOW_FEATURES,
            "--features",
            "zhengqiao-tests/window",
            "--test",
            "window",
            "--",
            "--test-threads=1",
        ],
    );
    let shots = std::env::var_os("ZHENGQIAO_SHOTS");
    tests
        .args(chosen)
        .envs(settings.iter().copied())
        .env("DISPLAY", display.name())
        .env("ZHENGQIAO_DESKTOP", program)
        .env(
            "ZHENGQIAO_SHOTS",
            shots.map_or_else(|| build_dir().join("screenshots"), Into::into),
        );
    run(tests)
}

fn licences() -> Outcome {
    if exists("cargo-deny") {
        cargo(&["deny", "check", "bans", "licenses", "sources"])
    } else {
        eprintln!(
            "cargo-deny is not installed: licences were not checked (cargo install cargo-deny)"
        );
        Ok(())
    }
}

fn type_names(dir: &Path) -> Result<Vec<String>, String> {
    let entries = fs::read_dir(dir).map_err(|error| format!("{}: {error}", dir.display()))?;
    let mut names: Vec<String> = entries
        .flatten()
        .filter_map(|entry| {
            entry
                .file_name()
                .to_str()
                .and_then(|name| name.strip_suffix(".ts"))
                .map(str::to_owned)
        })
        .filter(|name| name != "index")
        .collect();
    names.sort();
    Ok(names)
}

fn write(path: &Path, text: &str) -> Outcome {
    fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
}

fn copy(from: &Path, to: &Path) -> Outcome {
    fs::create_dir_all(to).map_err(|error| format!("{}: {error}", to.display()))?;
    for entry in fs::read_dir(from)
        .map_err(|error| format!("{}: {error}", from.display()))?
        .flatten()
    {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), &target)
                .map_err(|error| format!("{}: {error}", target.display()))?;
        }
    }
    Ok(())
}

fn compare(fresh: &Path, committed: &Path) -> Outcome {
    let mut names = type_names(fresh)?;
    names.push("index".into());
    for name in &names {
        let file = format!("{name}.ts");
        if fs::read(fresh.join(&file)).ok() != fs::read(committed.join(&file)).ok() {
            return Err(format!(
                "ui/src/api/generated/{file} is out of date; run `cargo xtask types`"
            ));
        }
    }
    if type_names(committed)?.len() + 1 != names.len() {
        return Err("ui/src/api/generated has files too many; run `cargo xtask types`".into());
    }
    Ok(())
}
