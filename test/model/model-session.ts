// The ClearML server for a daemon under search: each call that can affect a decision is a step of the search.
import type * as z from 'zod';
import type { Session } from '../../src/clearml/connection/session.ts';
import { toApi } from './api-form.ts';
import type { Ask } from './outside-calls.ts';
import type { Program } from './program.ts';
import type { ServerCall } from './world.ts';

/**
 * Calls that get their response at once, with no other move in between: no decision of a daemon, the server, a
 * job or an invariant depends on what they change.
 */
const IMMEDIATE: Readonly<Record<string, unknown>> = {
  // Console messages are only read by users.
  'events.add_batch': { added: 1, errors: 0 },
  // The row on the page of workers.
  'workers.register': {},
  'workers.status_report': {},
  'workers.unregister': {},
  'workers.get_all': { workers: [] },
  // Values for a template's variables.
  'users.get_by_id': { user: {} },
  'projects.get_by_id': { project: {} },
  // The order in a queue, which has only one task.
  'queues.move_task_to_front': { position: 0 },
};

/** @param serverOffset what is added to the server's stamps */
export function createModelSession(program: Program, ask: Ask, serverOffset: number): Session {
  return {
    apiServer: 'http://api',
    login: () => Promise.reject(new Error('no login in the model')),
    async call<Shape extends z.ZodType>(
      endpoint: string,
      body: unknown,
      rules: { readonly shape: Shape; readonly idempotent: boolean },
    ) {
      const immediate = IMMEDIATE[endpoint];
      if (immediate !== undefined) return rules.shape.parse(immediate);
      const call: ServerCall = { endpoint, body: body as ServerCall['body'] };
      const reply = await ask({ to: 'server', call, isRepeated: rules.idempotent });
      if (!('server' in reply)) throw new program.ServerUnreachableError(`no usable response to ${endpoint}`, true);
      return rules.shape.parse(toApi(reply.server, endpoint, serverOffset, program));
    },
  };
}
