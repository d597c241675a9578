// Offers credentials to a host one after another, and explains a refused login.
import type { AuthenticationType, AuthHandlerMiddleware } from 'ssh2';
import type { Credentials } from './ssh2-credentials.ts';
import type { SshFailure } from '../ssh-errors.ts';

export interface Authentication {
  /** Asks for the methods of the host, then offers the matching credentials, each label once. */
  readonly next: AuthHandlerMiddleware;
  /** An ssh agent that does not respond is not a failure: the next credentials are offered. */
  agentFailed(reason: string): void;
  /**
   * Why the login was refused; undefined if the connection ended before authentication.
   * @param reason of the connection's end
   */
  refusal(host: string, reason: string): SshFailure | undefined;
}

export function createAuthentication(user: string, { offers, unusable }: Credentials): Authentication {
  const left = [...offers];
  const tried: string[] = [];
  const obstacles = [...unusable];
  let accepted: readonly AuthenticationType[] | undefined;
  let isPartlyAccepted = false;
  let wasAsked = false;

  return {
    next(methods, partialSuccess, offer) {
      wasAsked = true;
      // Unlike the types say, it is null before the first response.
      const known = methods as AuthenticationType[] | null;
      if (known === null) {
        offer({ type: 'none', username: user });
        return;
      }
      accepted = known;
      isPartlyAccepted ||= (partialSuccess as boolean | null) === true;
      const at = left.findIndex(({ method, label }) => known.includes(method) && !tried.includes(label));
      const [found] = at === -1 ? [] : left.splice(at, 1);
      if (found !== undefined) tried.push(found.label);
      offer(found === undefined ? (false as never) : found.auth);
    },
    agentFailed(reason) {
      obstacles.push(`${tried.pop() ?? 'ssh-agent'}: ssh-agent does not respond (${reason}); start it and run ssh-add`);
    },
    refusal(host, reason) {
      if (!wasAsked || accepted === undefined) return undefined;
      // https://github.com/openssh/openssh-portable/blob/master/auth.c (auth_maxtries_exceeded)
      if (reason.startsWith('Too many authentication failures'))
        return { kind: 'too many attempts', host, user, tried, untried: left.map(({ label }) => label) };
      if (isPartlyAccepted) return { kind: 'second factor', host, methods: accepted };
      return { kind: 'login refused', host, user, tried, obstacles, methods: accepted };
    },
  };
}
