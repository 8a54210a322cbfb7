//! A WebDriver server of our own and the window that it drives.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a journey that cannot go on fails"
)]

use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use aho_corasick::AhoCorasick;
use fantoccini::elements::Element;
use fantoccini::key::Key;
use fantoccini::wd::Capabilities;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tokio::process::{Child, Command};

/// What a screen may take at most on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);
/// Between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(60);

/// A WebDriver server with a home of its own for everything that it starts.
pub struct Driver {
    port: u16,
    home: tempfile::TempDir,
    language: String,
    _server: Child,
}

impl Driver {
    /// Starts the server; windows that it opens run under `language`.
    pub async fn start(language: &str) -> Self {
        Self::over(tempfile::tempdir().unwrap(), language).await
    }

    /// The same home with a new server: one whose window was killed under it starts no other.
    pub async fn anew(self) -> Self {
        let Self { home, language, .. } = self;
        Self::over(home, &language).await
    }

    async fn over(home: tempfile::TempDir, language: &str) -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let place = |name: &str| home.path().join(name);
        let runtime = place("runtime");
        std::fs::create_dir_all(&runtime).unwrap();
        let server = Command::new("WebKitWebDriver")
            .args([format!("--port={port}"), "--host=127.0.0.1".into()])
            .env("TAURI_WEBVIEW_AUTOMATION", "true")
            .env("HOME", home.path())
            .env("XDG_DATA_HOME", place("data"))
            .env("XDG_CONFIG_HOME", place("config"))
            .env("XDG_CACHE_HOME", place("cache"))
            .env("XDG_RUNTIME_DIR", runtime)
            .env("LANG", language)
            .env("LC_ALL", language)
            .env("LANGUAGE", language)
            .env("WEBKIT_DISABLE_DMABUF_RENDERER", "1")
            // No secret store of the user who runs the tests: the window asks for a passphrase.
            .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("WebKitWebDriver (package webkit2gtk-driver)");
        let begun = Instant::now();
        while tokio::net::TcpStream::connect(("127.0.0.1", port))
            .await
            .is_err()
        {
            assert!(
                begun.elapsed() < PATIENCE,
                "WebKitWebDriver does not answer"
            );
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Self {
            port,
            home,
            language: language.to_owned(),
            _server: server,
        }
    }

    /// The data directory of this driver's windows.
    pub fn place(&self) -> PathBuf {
        self.home.path().join("place")
    }

    /// Opens the window over this driver's data directory.
    pub async fn open(&self, args: &[&str]) -> Window {
        let binary =
            std::env::var("ZHENGQIAO_DESKTOP").expect("ZHENGQIAO_DESKTOP names the built window");
        let mut all = vec!["--data-dir".to_owned(), self.place().display().to_string()];
        all.extend(args.iter().map(|arg| (*arg).to_owned()));
        let mut capabilities = Capabilities::new();
        capabilities.insert(
            "webkitgtk:browserOptions".into(),
            json!({ "binary": binary, "args": all }),
        );
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&format!("http://127.0.0.1:{}", self.port))
            .await
            .expect("the window opens");
        let shots =
            std::env::var_os("ZHENGQIAO_SHOTS").map_or_else(std::env::temp_dir, PathBuf::from);
        std::fs::create_dir_all(&shots).unwrap();
        let window = Window { client, shots };
        window.size(1280, 800).await;
        window
    }
}

/// An open window.
pub struct Window {
    client: Client,
    shots: PathBuf,
}

impl Window {
    /// The first element, as soon as there is one that can be worked with: what is shown of an earlier
    /// asking is not.
    pub async fn find(&self, css: &str) -> Element {
        self.find_within(css, PATIENCE).await
    }

    /// What a script in the page answers in time; it gets a callback after its arguments.
    pub async fn ask(&self, script: &str, arguments: Vec<Value>) -> Value {
        self.client.execute_async(script, arguments).await.unwrap()
    }

    /// [`Window::find`] where it may take longer.
    pub async fn find_within(&self, css: &str, patience: Duration) -> Element {
        let begun = Instant::now();
        let current = format!(":is({css}):not(:is([inert], [aria-busy=true]) *)");
        loop {
            if let Ok(element) = self.client.find(Locator::Css(&current)).await {
                return element;
            }
            if begun.elapsed() > patience {
                self.shot_of_failure().await;
                panic!("{css} did not appear");
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Waits until there is no such element.
    pub async fn gone(&self, css: &str) {
        let begun = Instant::now();
        while self.client.find(Locator::Css(css)).await.is_ok() {
            if begun.elapsed() > PATIENCE {
                self.shot_of_failure().await;
                panic!("{css} stayed");
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Clicks the element of a test id, as soon as it can be clicked.
    pub async fn click(&self, id: &str) {
        self.click_css(&format!("[data-testid={id}]")).await;
    }

    /// Clicks the first element, as soon as it can be clicked.
    pub async fn click_css(&self, css: &str) {
        let begun = Instant::now();
        loop {
            let element = self.find(css).await;
            self.at_rest(css).await;
            let enabled = element.is_enabled().await.unwrap_or(false);
            match element.click().await {
                Ok(()) if enabled => return,
                outcome => {
                    if begun.elapsed() > PATIENCE {
                        self.shot_of_failure().await;
                        panic!("{css} cannot be clicked: {outcome:?}");
                    }
                }
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Waits until nothing that holds an element moves: a click at what moves lands beside it.
    async fn at_rest(&self, css: &str) {
        let still = "const element = document.querySelector(arguments[0]); \
                     return !element || document.getAnimations().every(each => \
                       each.effect.getTiming().iterations === Infinity \
                       || !each.effect.target?.contains(element))";
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE
            && self.client.execute(still, vec![json!(css)]).await.ok() != Some(json!(true))
        {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Types into the input of a test id.
    pub async fn type_into(&self, id: &str, text: &str) {
        let css = format!("input[data-testid={id}]");
        let begun = Instant::now();
        while let Err(error) = self.find(&css).await.send_keys(text).await {
            if begun.elapsed() > PATIENCE {
                self.shot_of_failure().await;
                panic!("{css} takes no text: {error}");
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Puts a text in the place of what an input or text area holds.
    pub async fn replace(&self, css: &str, text: &str) {
        let all = format!("{}a{}", char::from(Key::Control), char::from(Key::Null));
        let begun = Instant::now();
        loop {
            let element = self.find(css).await;
            if element.send_keys(&all).await.is_ok() && element.send_keys(text).await.is_ok() {
                return;
            }
            if begun.elapsed() > PATIENCE {
                self.shot_of_failure().await;
                panic!("{css} takes no text");
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Waits until the first element's text has a part.
    pub async fn until_contains(&self, css: &str, part: &str) -> String {
        let begun = Instant::now();
        loop {
            let text = self.text(css).await;
            if text.contains(part) {
                return text;
            }
            if begun.elapsed() > PATIENCE {
                self.shot_of_failure().await;
                panic!("{css} shows {text:?} without {part:?}");
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// The text of the first element.
    pub async fn text(&self, css: &str) -> String {
        // The driver's own idea of visible text is empty where text may be clipped.
        loop {
            match self.find(css).await.prop("textContent").await {
                Ok(content) => return content.unwrap_or_default(),
                // It was drawn anew between the finding and the reading.
                Err(error) if error.is_stale_element_reference() => {}
                Err(error) => panic!("{css}: {error}"),
            }
        }
    }

    /// The number that the first element shows.
    pub async fn number(&self, css: &str) -> i64 {
        self.text(css)
            .await
            .replace([',', ' '], "")
            .parse()
            .unwrap()
    }

    /// The sum of the numbers that the elements show.
    pub async fn sum(&self, css: &str) -> i64 {
        let look =
            "return [...document.querySelectorAll(arguments[0])].map((one) => one.textContent);";
        let told = self.client.execute(look, vec![json!(css)]).await.unwrap();
        let texts: Vec<String> = serde_json::from_value(told).unwrap();
        let mut sum = 0;
        for text in texts {
            sum += text.replace([',', ' '], "").trim().parse::<i64>().unwrap();
        }
        sum
    }

    /// Pastes a long text into a text area.
    pub async fn set_value(&self, css: &str, text: &str) {
        self.find(css).await;
        let paste = "const area = document.querySelector(arguments[0]); area.value = arguments[1]; \
                     area.dispatchEvent(new Event('input', { bubbles: true }))";
        self.client
            .execute(paste, vec![json!(css), json!(text)])
            .await
            .unwrap();
    }

    /// What the strip above a surface says of the active connection: its text and its edge's colour.
    pub async fn strip(&self, css: &str) -> (String, String) {
        self.find(css).await;
        let look = "const one = document.querySelector(arguments[0]); \
                    return [getComputedStyle(one, '::before').content, \
                            getComputedStyle(one).borderTopColor]";
        let told = self.client.execute(look, vec![json!(css)]).await.unwrap();
        serde_json::from_value(told).unwrap()
    }

    /// How many elements there are.
    pub async fn count(&self, css: &str) -> usize {
        self.client.find_all(Locator::Css(css)).await.unwrap().len()
    }

    /// Waits until the first element shows a text.
    pub async fn until_text(&self, css: &str, wanted: &str) {
        let begun = Instant::now();
        loop {
            let text = self.text(css).await;
            if text.trim() == wanted {
                return;
            }
            assert!(
                begun.elapsed() < PATIENCE,
                "{css} shows {text:?} and not {wanted:?}"
            );
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Presses keys where the focus is.
    pub async fn press(&self, keys: &str) {
        let element = self.client.active_element().await.unwrap();
        element.send_keys(keys).await.unwrap();
    }

    /// Presses one key where the focus is.
    pub async fn press_key(&self, key: Key) {
        self.press(&String::from(char::from(key))).await;
    }

    /// The test id of the element that has the focus; empty where it has none.
    pub async fn focus(&self) -> String {
        let element = self.client.active_element().await.unwrap();
        let id = element.attr("data-testid").await.unwrap();
        id.unwrap_or_default()
    }

    /// Waits until the element of a test id has the focus.
    pub async fn until_focus(&self, id: &str) {
        let begun = Instant::now();
        while self.focus().await != id {
            if begun.elapsed() > PATIENCE {
                self.shot_of_failure().await;
                panic!("{:?} has the focus, not {id}", self.focus().await);
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Brings the first element into sight.
    pub async fn scroll_to(&self, css: &str) {
        self.find(css).await;
        let go = format!("document.querySelector({css:?}).scrollIntoView({{block: 'start'}})");
        self.client.execute(&go, Vec::new()).await.unwrap();
    }

    /// Presses Escape.
    pub async fn press_escape(&self) {
        let body = self.find("body").await;
        body.send_keys(&String::from(char::from(Key::Escape)))
            .await
            .unwrap();
    }

    /// Goes to a screen by its path, as a link does.
    pub async fn open_path(&self, path: &str) {
        let go = format!("window.location.hash = '#{path}'");
        self.client.execute(&go, Vec::new()).await.unwrap();
    }

    /// Sets the window's size.
    pub async fn size(&self, width: u32, height: u32) {
        self.client.set_window_size(width, height).await.unwrap();
    }

    /// Waits until nothing moves or loads any more.
    pub async fn settle(&self) {
        let begun = Instant::now();
        let quiet = "return document.getAnimations().every(each => each.effect.getTiming().iterations === Infinity) \
                     && !document.querySelector('.el-skeleton')";
        while self.client.execute(quiet, Vec::new()).await.unwrap() != json!(true) {
            assert!(
                begun.elapsed() < PATIENCE,
                "the screen does not come to rest"
            );
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// The whole document shows nobody: none of these values is anywhere in it, seen or not.
    pub async fn shows_none_of(&self, values: &AhoCorasick) {
        let dom = self
            .client
            .execute("return document.documentElement.outerHTML", Vec::new())
            .await
            .unwrap();
        let dom = dom.as_str().unwrap();
        assert!(dom.len() > 2_000, "{dom}");
        let hit = values.find(dom).map(|hit| dom[hit.range()].to_owned());
        assert_eq!(hit, None, "a personal value is in the document");
    }

    /// Leaves a screenshot named after the journey.
    async fn shot_of_failure(&self) {
        let thread = std::thread::current();
        let name = thread.name().unwrap_or("journey").replace("::", "-");
        self.shot(&format!("failed-{name}")).await;
    }

    /// Leaves a screenshot.
    pub async fn shot(&self, name: &str) {
        // WebKit takes the picture at the next paint: on a screen at rest there would be none.
        let paint = "const dot = document.createElement('i'); dot.id = 'painting'; \
                     dot.style.cssText = 'position:fixed;left:0;top:0;width:1px;height:1px;z-index:9999'; \
                     document.body.append(dot); \
                     const step = () => { dot.style.background = dot.style.background === 'red' ? 'blue' : 'red'; \
                     if (dot.isConnected) requestAnimationFrame(step) }; step()";
        let rest = "document.getElementById('painting')?.remove()";
        let image = async {
            self.client.execute(paint, Vec::new()).await?;
            let image = self.client.screenshot().await;
            self.client.execute(rest, Vec::new()).await?;
            image
        };
        match tokio::time::timeout(PATIENCE, image).await {
            Ok(Ok(image)) => std::fs::write(self.shots.join(format!("{name}.png")), image).unwrap(),
            Ok(Err(error)) => eprintln!("no screenshot {name}: {error}"),
            Err(_) => eprintln!("no screenshot {name}: it takes too long"),
        }
    }

    /// Closes the window.
    pub async fn close(self) {
        self.client.close().await.unwrap();
    }
}
