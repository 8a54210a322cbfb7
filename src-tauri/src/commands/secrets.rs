//! Secrets of connections.

use zhengqiao_api::contract::{
    ChangePassphrase, ChangeSecret, ConnectionDetail, ConnectionId, ExpiryRow, Nothing,
    SaveNetworkSecrets, SetSecretExpiry,
};

hand_over! {
    change_secret(ChangeSecret) -> ConnectionDetail;
    discard_next_secret(ConnectionId) -> ConnectionDetail;
    set_secret_expiry(SetSecretExpiry) -> ConnectionDetail;
    change_passphrase(ChangePassphrase) -> Nothing;
    save_network_secrets(SaveNetworkSecrets) -> ConnectionDetail;
    list_expiries(Nothing) -> Vec<ExpiryRow>;
}
