// Holds the token that calls carry: one login for all callers at once, a new one before the old ends or when it is refused.
import type { Clock } from '../base/clock.ts';
import type { Secrets } from '../log/secrets.ts';
import { CredentialsRejectedError, NotTheApiError } from './errors.ts';
import type { ApiSettings } from './settings.ts';
import { readToken, type Token } from './token.ts';

export interface Login {
  /** A token to call with; logs in when there is none, or when its end is near. */
  token(): Promise<Token>;
  /** Says that the server refused this token. Does nothing when another one has taken its place meanwhile. */
  forget(token: Token): void;
}

interface LoginDeps {
  readonly settings: ApiSettings;
  readonly clock: Clock;
  readonly secrets: Secrets;
  /** Calls `auth.login` with this Authorization header; gives the token of the answer. */
  readonly askForToken: (authorization: string) => Promise<string>;
}

export function createLogin({ settings, clock, secrets, askForToken }: LoginDeps): Login {
  let held: Token | undefined;
  let underway: Promise<Token> | undefined;

  async function logIn(): Promise<Token> {
    try {
      const text = await askForToken(formatAuthorization(settings, held));
      const token = readToken(text, clock.now());
      if (token === undefined)
        throw new NotTheApiError('the answer to auth.login holds no token that can be read', false);
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
      if (underway !== undefined) return underway;
      if (held !== undefined && clock.now() < held.renewAt) return Promise.resolve(held);
      underway = logIn().finally(() => {
        underway = undefined;
      });
      return underway;
    },

    forget(token) {
      if (held === token) held = undefined;
    },
  };
}

/**
 * The header to log in with. A token given instead of keys is renewed with the one held, which lives longer than the given one.
 * @throws CredentialsRejectedError when there is nothing to log in with
 */
function formatAuthorization({ authToken, accessKey, secretKey }: ApiSettings, held: Token | undefined): string {
  if (authToken !== undefined) return `Bearer ${held?.text ?? authToken}`;
  if (accessKey === undefined || secretKey === undefined) {
    throw new CredentialsRejectedError(
      "there are no credentials for ClearML: make some on its web page (Settings, Workspace) and write them into clearml.conf's " +
        'api.credentials, or into CLEARML_API_ACCESS_KEY and CLEARML_API_SECRET_KEY',
    );
  }
  return `Basic ${Buffer.from(`${accessKey}:${secretKey}`).toString('base64')}`;
}
