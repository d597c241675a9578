// How a host was asked to let us in: what is offered next, and afterwards what a person should know about it.
import type { AuthenticationType, AuthHandlerMiddleware } from 'ssh2';
import type { Credentials } from './ssh2-credentials.ts';
import type { SshErrorMessage } from './ssh-errors.ts';

export interface Authentication {
  /** Asks first what the host takes, then offers one after the other of what it would take, each label once. */
  readonly next: AuthHandlerMiddleware;
  /** An agent that gives no answer is no failure: what comes after it is offered. */
  agentFailed(words: string): void;
  /**
   * Why we were not let in; undefined when it never came to that.
   * @param words of the connection's end
   */
  trouble(host: string, words: string): SshErrorMessage | undefined;
}

export function createAuthentication(user: string, { offers, unusable }: Credentials): Authentication {
  const left = [...offers];
  const tried: string[] = [];
  const obstacles = [...unusable];
  let takes: readonly AuthenticationType[] | undefined;
  let isHalfWay = false;
  let wasAsked = false;

  return {
    next(methods, partialSuccess, offer) {
      wasAsked = true;
      // The types say otherwise, but before the first answer nothing is known.
      const known = methods as AuthenticationType[] | null;
      if (known === null) {
        offer({ type: 'none', username: user });
        return;
      }
      takes = known;
      isHalfWay ||= (partialSuccess as boolean | null) === true;
      const at = left.findIndex(({ method, label }) => known.includes(method) && !tried.includes(label));
      const [found] = at === -1 ? [] : left.splice(at, 1);
      if (found !== undefined) tried.push(found.label);
      offer(found === undefined ? (false as never) : found.auth);
    },
    agentFailed(words) {
      obstacles.push(`${tried.pop() ?? 'an agent'}: it gives no answer (${words}); start one and run ssh-add`);
    },
    trouble(host, words) {
      if (!wasAsked || takes === undefined) return undefined;
      // sshd's words when it ends the connection (OpenSSH, auth2.c).
      if (words.startsWith('Too many authentication failures'))
        return { kind: 'too many tries', host, user, tried, untried: left.map(({ label }) => label) };
      if (isHalfWay) return { kind: 'second factor', host, methods: takes };
      return { kind: 'not let in', host, user, tried, obstacles, takes };
    },
  };
}
