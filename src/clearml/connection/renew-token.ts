// Holds the token of all calls: one login for all callers, renewed before it expires or when the server rejects it.
import type { Clock } from '../../base/clock.ts';
import type { Secrets } from '../../log/redact-secrets.ts';
import { CredentialsRejectedError, NotTheApiError } from '../errors.ts';
import type { ConnectionSettings } from './connection-settings.ts';
import { parseToken, type Token } from './parse-token.ts';

export interface Login {
  /** A valid token. Logs in if there is none, or if it expires soon. */
  token(): Promise<Token>;
  /** Reports that the server rejected this token. Does nothing if a newer one has replaced it. */
  forget(token: Token): void;
}

interface LoginDeps {
  readonly settings: ConnectionSettings;
  readonly clock: Clock;
  readonly secrets: Secrets;
  /** Calls `auth.login` with this Authorization header and returns the token. */
  readonly requestToken: (authorization: string) => Promise<string>;
}

export function createLogin({ settings, clock, secrets, requestToken }: LoginDeps): Login {
  let held: Token | undefined;
  let pending: Promise<Token> | undefined;

  async function logIn(): Promise<Token> {
    try {
      const text = await requestToken(formatAuthorization(settings, held));
      const token = parseToken(text, clock.now());
      if (token === undefined) throw new NotTheApiError('the response to auth.login has no readable token', false);
      secrets.addPassing(text);
      held = token;
      return token;
    } catch (error) {
      if (error instanceof CredentialsRejectedError) held = undefined;
      throw error;
    }
  }

  return {
    token() {
      if (pending !== undefined) return pending;
      if (held !== undefined && clock.now() < held.renewAt) return Promise.resolve(held);
      pending = logIn().finally(() => {
        pending = undefined;
      });
      return pending;
    },

    forget(token) {
      if (held === token) held = undefined;
    },
  };
}

/**
 * The header for the login. A configured token is renewed with the current one, which expires later.
 * @throws CredentialsRejectedError without any credentials
 */
function formatAuthorization({ authToken, accessKey, secretKey }: ConnectionSettings, held: Token | undefined): string {
  if (authToken !== undefined) return `Bearer ${held?.text ?? authToken}`;
  if (accessKey === undefined || secretKey === undefined) {
    throw new CredentialsRejectedError(
      'no ClearML credentials: create them in the web page (Settings, Workspace) and write them to api.credentials in ' +
        'clearml.conf, or set CLEARML_API_ACCESS_KEY and CLEARML_API_SECRET_KEY',
    );
  }
  return `Basic ${Buffer.from(`${accessKey}:${secretKey}`).toString('base64')}`;
}
