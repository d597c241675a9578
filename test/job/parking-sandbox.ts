// Provides a sandbox server with tasks parked in its scheduler queue, as when their jobs start.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { systemClock } from '../../src/base/clock.ts';
import type { SandboxLog } from '../../src/sandbox/requests/dispatch.ts';
import { createSandbox } from '../../src/sandbox/server.ts';
import type { JobFacts } from '../../src/sbatch-template/job-script/render-blocks.ts';
import { connectApi, userOf, type User } from '../support/clearml-user.ts';
import { agentPython } from '../support/skip-unless.ts';
import { createNode, jobFacts, type Node } from './job-script.ts';

export interface ParkingSandbox {
  readonly user: User;
  /** The text of a clearml.conf for the server. */
  readonly conf: string;
  readonly url: string;
  /** Parks a new task with this Python code, and returns the facts for its job. @param python has the real agent by default */
  park(code: string, python?: string): Promise<JobFacts>;
  isParked(task: string): Promise<boolean>;
  close(): Promise<void>;
}

/** @param log records each call that the server has accepted or rejected */
export async function openParkingSandbox({ log }: { readonly log?: SandboxLog } = {}): Promise<ParkingSandbox> {
  const sandbox = await createSandbox({ port: 0, clock: systemClock, ...(log === undefined ? {} : { log }) });
  const user = userOf(await connectApi(sandbox));
  const queue = await user.makeQueue('team');
  const schedulerQueue = await user.makeQueue('slurm_scheduler');

  return {
    user,
    url: sandbox.url,
    conf: `api {
  api_server: ${sandbox.url}
  web_server: ${sandbox.url}
  files_server: ${sandbox.url}
  credentials { access_key: "${sandbox.accessKey}", secret_key: "${sandbox.secretKey}" }
}
`,
    async park(code, python = agentPython()) {
      const task = await user.makeTask({ code });
      await user.enqueue(task, queue);
      z.object({ entry: z.object({ task: z.literal(task) }) }).parse(
        await user.api('queues.get_next_task', { queue, task }),
      );
      await user.api('queues.add_task', { queue: schedulerQueue, task, update_execution_queue: false });
      return jobFacts({
        taskId: task,
        schedulerQueueId: schedulerQueue,
        queueId: queue,
        apiServer: sandbox.url,
        python,
      });
    },
    isParked: async (task) => (await user.entries(schedulerQueue)).includes(task),
    close: () => sandbox.close(),
  };
}

/** A sandbox for all tests of this `describe`, and a new node for each test, with a clearml.conf for the sandbox. */
export function useNodeWithSandbox(): { readonly parking: ParkingSandbox; readonly node: Node } {
  let parking: ParkingSandbox;
  let node: Node;
  before(async () => {
    parking = await openParkingSandbox();
  });
  after(() => parking.close());
  beforeEach(() => {
    node = createNode();
    writeFileSync(join(node.home, 'clearml.conf'), parking.conf, { mode: 0o600 });
  });
  afterEach(() => {
    node.remove();
  });
  return {
    get parking() {
      return parking;
    },
    get node() {
      return node;
    },
  };
}

/** PLAIN_TEMPLATE for tasks that need no packages, for which the agent creates no environment. */
export const QUICK_TEMPLATE = `#!/bin/bash -l
\${CLEARML_PRE_SETUP}
export CLEARML_AGENT_SKIP_PYTHON_ENV_INSTALL=1
export CLEARML_AGENT_QUEUE_POLL_FREQ_SEC=1
\${CLEARML_AGENT_EXECUTE}
echo 'after the agent'
\${CLEARML_POST_SETUP}
`;
