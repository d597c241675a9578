// The calls `sandbox.…`, which the real server does not have: they control time, faults and tokens.
import * as z from 'zod';
import { endpoint, type Fields, type Service } from '../requests/endpoint.ts';
import { totalOf, type CallCount, type CallCounts } from '../requests/call-counts.ts';
import type { Faults } from '../requests/injected-faults.ts';
import { formatInstant, type SandboxClock } from '../store/sandbox-clock.ts';
import { randomId, randomKey } from '../store/random-id.ts';
import type { Store } from '../store/store.ts';

const expireRequest = z.object({ life_seconds: z.number().int().positive().optional() });

interface Controlled {
  readonly faults: Faults;
  readonly calls: CallCounts;
}

export function createControlsService(store: Store, clock: SandboxClock, { faults, calls }: Controlled): Service {
  return {
    /** `{seconds}`: moves the sandbox's clock forward, for the 600 s and 7200 s rules. */
    'sandbox.advance_clock': endpoint(z.object({ seconds: z.number().positive() }), ({ seconds }) => {
      clock.advance(seconds * 1000);
      return { now: formatInstant(clock.now()) };
    }),
    /** `{endpoint, kind, status?, times?, delayMs?}`: see `faults.ts`. */
    'sandbox.fault': (call) => {
      faults.order(call.body);
      return {};
    },
    'sandbox.clear_faults': () => {
      faults.clear();
      return {};
    },
    /** Releases calls that the fault `hold` keeps between their read and their write. */
    'sandbox.release': () => {
      faults.release();
      return {};
    },
    /** The number of calls that will still fail (`waiting`), and of those that are held. */
    'sandbox.get_faults': () => ({ ...faults.counts() }),
    /** `{life_seconds?}`: expires all tokens so far; new ones are valid for `life_seconds`, if given. */
    'sandbox.expire_tokens': endpoint(expireRequest, ({ life_seconds: lifeSeconds }) => {
      const { tokenGeneration, tokenLifeSeconds } = store.settings();
      store.changeSettings({
        tokenGeneration: tokenGeneration + 1,
        tokenLifeSeconds: lifeSeconds ?? tokenLifeSeconds,
      });
      return {};
    }),
    /**
     * The calls since the start or `sandbox.clear_calls`, by endpoint, and their `total`: `documents` returned, queue `entries` that a
     * real server loads, `bytes` of the responses before compression, and `server_ms`, the time of a real server.
     */
    'sandbox.get_calls': () => {
      const counts = calls.all();
      return { calls: counts.map(present), total: present(totalOf(counts)) };
    },
    /** `{name}`: adds a user to the workspace, and returns the user's id and key. */
    'sandbox.add_user': endpoint(z.object({ name: z.string() }), ({ name }) => {
      const user = { id: randomId(), name, accessKey: randomKey(20).toUpperCase(), secretKey: randomKey(48) };
      store.changeSettings({ others: [...store.settings().others, user] });
      return { id: user.id, access_key: user.accessKey, secret_key: user.secretKey };
    }),
    'sandbox.clear_calls': () => {
      calls.clear();
      return {};
    },
  };
}

function present({ serverMs, ...count }: CallCount): Fields {
  return { ...count, server_ms: Math.round(serverMs) };
}
