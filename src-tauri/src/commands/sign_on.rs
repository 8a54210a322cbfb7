//! Signing on: its settings, and the test login.

use zhengqiao_api::contract::{
    ConnectionId, KeepTestLogin, KeptSample, Nothing, PasteTestLogin, SaveSignOn, SignOnView,
    StartTestLogin, TestLoginId, TestLoginView, WatchTestLogin,
};

hand_over! {
    get_sign_on(ConnectionId) -> SignOnView;
    save_sign_on(SaveSignOn) -> SignOnView;
    start_test_login(StartTestLogin) -> TestLoginView;
    watch_test_login(WatchTestLogin) -> TestLoginView;
    open_test_login(TestLoginId) -> Nothing;
    paste_test_login(PasteTestLogin) -> Nothing;
    cancel_test_login(TestLoginId) -> Nothing;
    keep_test_login(KeepTestLogin) -> KeptSample;
}
