// A certified OpenID provider on loopback: node oidc_server.mjs NODE_MODULES PORT REDIRECT_URI CLAIMS.json
// The claims of a person are read anew at each login, so that a test can withdraw an entitlement.
import { readFileSync } from 'node:fs';

const [modules, port, redirect, claims] = process.argv.slice(2);
const { Provider } = await import(`${modules}/oidc-provider/lib/index.js`);
const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [{
    client_id: 'gateway', client_secret: 'not-a-secret', redirect_uris: [redirect],
    token_endpoint_auth_method: 'client_secret_basic',
  }, {
    // A person's own program, which fetches access tokens for the gateway (RFC 8707, RFC 9068).
    client_id: 'script', redirect_uris: ['http://127.0.0.1:9/back'], token_endpoint_auth_method: 'none',
    application_type: 'native',
  }],
  features: { resourceIndicators: {
    enabled: true,
    getResourceServerInfo: (ctx, resource) => ({
      scope: 'read:tap read:data', audience: resource, accessTokenFormat: 'jwt', jwt: { sign: { alg: 'RS256' } },
    }),
  } },
  pkce: { required: () => true },
  claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'given_name', 'family_name'], entitlements: ['entitlements'] },
  scopes: ['openid', 'email', 'profile', 'entitlements'],
  cookies: { keys: ['test'] },
  findAccount: (ctx, id) => ({
    accountId: id,
    claims: () => ({ sub: id, ...JSON.parse(readFileSync(claims, 'utf8'))[id] }),
  }),
});
provider.listen(Number(port), '127.0.0.1', () => console.log('listening'));
