/** Advice of the connection test: the way to the provider. */
import type { networkAdvice as zhNetworkAdvice } from '../zh-CN/advice'

export const networkAdvice: typeof zhNetworkAdvice = {
  name_timeout: 'The name was not resolved in time. Check this machine’s DNS.',
  connect_timeout:
    'Nothing answers at this address: usually a firewall drops it, or address or port are wrong.',
  proxy_unreachable: 'The proxy cannot be reached. Check its address and port, or switch it off.',
  proxy_auth: 'The proxy wants user and password. Enter them under network.',
  proxy_refused: 'The proxy refuses the call. Have the address allowed there, or add it to the bypass list.',
  proxy_target: 'The proxy cannot reach the provider. Check the address, or add it to the bypass list.',
  proxy_timeout: 'The proxy does not answer in time. Check whether it works.',
  proxy_protocol: 'That is no HTTP proxy. Check the proxy’s address and port.',
  cert_expired: 'The server’s certificate has expired. Ask the provider to renew it.',
  cert_not_yet_valid:
    'The server’s certificate is not valid yet. Check this machine’s clock, or ask the provider.',
  cert_self_signed:
    'The server’s certificate is signed by itself. Once verified with the provider, paste it under network as an extra authority.',
  cert_unknown_ca:
    'The authority is not trusted, or the server does not send its intermediate. Paste the authority’s certificate under network.',
  cert_name_mismatch: 'The certificate is for another name. Use a name of the certificate as base address.',
  cert_revoked: 'The server’s certificate was revoked. Do not go on; ask the provider.',
  cert_expires_soon: 'The server’s certificate ends within 30 days. Remind the provider.',
  client_cert_missing: 'The server wants a client certificate. Add certificate and key under network.',
  client_cert_refused: 'The server does not take this client certificate. Check its issuer and its end.',
  client_cert_expires_soon: 'The client certificate has ended or ends within 30 days. Apply for a new one.',
  tls_version: 'No common TLS version or cipher. The server may only know old ones; ask for an upgrade.',
  plain_http: 'This port speaks plain HTTP. Check the port; only a test environment may use http://.',
  https_needed: 'This port speaks HTTPS. Begin the base address with https://.',
  wrong_protocol: 'This port speaks something else than HTTP. Check the port.',
  clock: 'The clocks are more than a minute apart. Set this machine’s clock.',
  clock_too_far:
    'The clocks are more than five minutes apart, so signatures over the time are refused. Set this machine’s clock first.',
  wrong_signature:
    'The signature was not accepted. Check that id and secret belong together and have no stray spaces.',
  unauthorised_dataset:
    'Other datasets take the credentials and this one does not. Check its service number and permission.',
  sign_in_page:
    'The answer is a page to sign in. Check that the path is the interface, and gateways in between.',
  mapping_missing: 'Required fields have no value in the sample. Name their sources in the mapping.',
}
