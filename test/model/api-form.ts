// Turns the model's responses into the server's form.
import type { Program } from './program.ts';
import type { Answer, SeenTask } from './server-rules.ts';
import { QUEUE_IDS, QUEUES, TASK_ID } from './world.ts';

/** Far in the future of every clock here: a heartbeat a moment ago, at any time. */
const JUST_NOW = 4_000_000_000_000;
const LOST_RACES = [110, 121];

/** @throws the errors of the program's own client for a refusal */
export function toApi(
  answer: Answer,
  endpoint: string,
  offset: number,
  { LostRaceError, ServerRefusedError }: Program,
): unknown {
  if ('refused' in answer) {
    const [code, subcode] = answer.refused;
    const Refusal = LOST_RACES.includes(subcode) ? LostRaceError : ServerRefusedError;
    throw new Refusal(`refused ${code}/${subcode}`, endpoint, code, subcode);
  }
  if ('count' in answer) return { updated: answer.count, removed: answer.count, added: answer.count };
  if ('isPopped' in answer) return answer.isPopped ? { entry: { task: TASK_ID } } : {};
  if ('task' in answer) return { task: document(answer.task, offset) };
  if ('tasks' in answer) return { tasks: answer.tasks.map((task) => document(task, offset)) };
  const names = QUEUES.filter((name) => answer.queues[name] !== undefined);
  return {
    queues: names.map((name) => {
      const stamp = answer.queues[name] ?? 0;
      return { id: QUEUE_IDS[name], name, entries: stamp === 0 ? [] : [{ task: TASK_ID, added: iso(stamp + offset) }] };
    }),
  };
}

function document(task: SeenTask, offset: number): Record<string, unknown> {
  const changed = iso(task.changed + offset);
  const properties = { slurm_job_id: task.slurmJob, slurm_cancelled: task.slurmCancelled };
  return {
    id: TASK_ID,
    name: 'the task',
    status: task.status,
    status_reason: task.reason,
    status_message: task.message,
    status_changed: changed,
    last_update: task.isHeard ? iso(JUST_NOW) : changed,
    ...(task.run === 0 ? {} : { started: iso(task.run) }),
    ...(task.worker === '' ? {} : { last_worker: task.worker }),
    execution: task.queue === '' ? {} : { queue: QUEUE_IDS[task.queue] },
    system_tags: [],
    hyperparams: {
      properties: Object.fromEntries(
        Object.entries(properties)
          .filter(([, value]) => value !== '')
          .map(([name, value]) => [name, { section: 'properties', name, value }]),
      ),
    },
  };
}

function iso(atMs: number): string {
  return new Date(atMs).toISOString();
}
