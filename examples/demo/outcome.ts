// Reads the final status of the tasks from the server, and formats the table and the last line of the demo.
import type { User } from '../../test/support/clearml-user.ts';
import { EXPECTED, type DemoTask } from './tasks.ts';

interface Outcome {
  readonly task: DemoTask;
  readonly status: string;
  readonly job: string;
  readonly nodes: string;
}

export function readOutcomes(user: User, tasks: readonly DemoTask[]): Promise<Outcome[]> {
  return Promise.all(
    tasks.map(async (task) => {
      const { status, hyperparams } = await user.look(task.id);
      const job = hyperparams['properties']?.['slurm_job_id']?.value ?? '';
      return { task, status, job, nodes: nodesIn(await user.console(task.id)) };
    }),
  );
}

/** The console line about the start of the job names them, or the one about its end. */
function nodesIn(console: string): string {
  return /^Slurm job \d+ (?:started|ended)\b.*? on (\S+?)[.:]?(?:\s|$)/m.exec(console)?.[1] ?? '';
}

export function formatTable(outcomes: readonly Outcome[]): string[][] {
  const rows = outcomes.map(({ task, status, job, nodes }) => [task.name, status, job, nodes, task.id]);
  return [['task', 'status', 'job', 'nodes', 'id'], ...rows];
}

/** The last line of the demo, and whether it is as expected. A task that is neither completed nor failed is lost. */
export function summarize(outcomes: readonly Outcome[]): { readonly line: string; readonly isAsExpected: boolean } {
  const count = (status: string): number => outcomes.filter((outcome) => outcome.status === status).length;
  const [completed, failed] = [count('completed'), count('failed')];
  const lost = outcomes.length - completed - failed;
  return {
    line: `demo: ${outcomes.length} tasks: ${completed} completed, ${failed} failed, ${lost} lost`,
    isAsExpected: completed === EXPECTED.completed && failed === EXPECTED.failed && lost === EXPECTED.lost,
  };
}
