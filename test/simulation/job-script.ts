// What the cluster of the story must know of a job script, read from the one that the templates really render.
import { renderBlocks } from '../../src/template/blocks.ts';

export interface JobScript {
  /** It takes the task's entry before anything of the task runs. */
  readonly hasGate: boolean;
  /** Its agent runs the task only if that still waits. */
  readonly requiresQueue: boolean;
}

let read: JobScript | undefined;

export function jobScript(): JobScript {
  read ??= readScript();
  return read;
}

function readScript(): JobScript {
  const { preSetup, agentExecute } = renderBlocks({
    taskId: '1'.repeat(32),
    jobName: 'a job',
    schedulerQueueId: 'c'.repeat(32),
    queueId: 'd'.repeat(32),
    agentVersion: '3.0.3',
    workerPrefix: 'login1:slurm',
  });
  return {
    hasGate: agentExecute.includes('"$(clearml_pass_gate)"') && preSetup.includes('"queues", "remove_task"'),
    requiresQueue: /clearml_agent execute .*--require-queue/.test(preSetup),
  };
}
