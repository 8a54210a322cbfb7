/**
 * A real OpenID provider for the tests: one process, any number of issuers, each on a port of its own.
 *
 * Its clock can be set: `POST /clock?s=600` at the port for control puts it ten minutes ahead, so that
 * codes run out and clocks differ without any waiting.
 */
import { createServer } from 'node:http'
import { Provider } from 'oidc-provider'

const settings = JSON.parse(process.argv[2])
const real = Date.now.bind(Date)
let ahead = 0
Date.now = () => real() + ahead

const CLAIMS = Object.keys(settings.claims)

function provider(issuer) {
  return new Provider(issuer, {
    clients: [
      {
        client_id: 'portal',
        client_secret: settings.secret,
        application_type: 'native',
        redirect_uris: ['http://127.0.0.1/callback'],
        post_logout_redirect_uris: [],
        grant_types: ['authorization_code'],
        response_types: ['code'],
      },
    ],
    claims: { openid: ['sub'], profile: CLAIMS },
    conformIdTokenClaims: false,
    cookies: { keys: ['of these tests only'] },
    features: { devInteractions: { enabled: true }, rpInitiatedLogout: { enabled: true } },
    findAccount: (_, id) => ({
      accountId: id,
      claims: () => ({ sub: settings.subject ?? id, ...settings.claims }),
    }),
    pkce: { required: () => true },
    ttl: { AuthorizationCode: 60, IdToken: 3600, AccessToken: 3600, Interaction: 3600, Session: 3600, Grant: 3600 },
  })
}

function listen(server, port) {
  return new Promise((done) => server.listen(port, '127.0.0.1', () => done(server.address().port)))
}

const ports = []
for (const issuer of settings.issuers) {
  const one = provider(issuer)
  // Behind a proxy the issuer's port is the proxy's.
  const port = settings.own ? Number(new URL(issuer).port) : 0
  ports.push(await listen(createServer(one.callback()), port))
}
const control = await listen(
  createServer((request, response) => {
    ahead = 1000 * Number(new URL(request.url, 'http://127.0.0.1').searchParams.get('s'))
    response.end()
  }),
  0,
)
console.log(JSON.stringify({ ports, control }))
process.stdin.resume()
process.stdin.on('end', () => process.exit(0))
