// The settings `agent.slurm.grace`: how long to wait before acting on a state that may resolve itself.
import * as z from 'zod';
import { seconds } from './setting-types.ts';

export const grace = z
  .strictObject({
    start_sec: seconds(0)
      .default(300)
      .describe(
        'Time for a running job to install the agent and start its task, before the console gets a warning. Raise it if installing packages takes longer on your nodes.',
      ),
    server_sec: seconds(0)
      .default(900)
      .describe(
        'How long a starting job retries while the ClearML server does not respond, before its task fails. Raise it to survive longer server maintenance.',
      ),
    end_sec: seconds(0)
      .default(60)
      .describe(
        'Time for the agent to report the final status after the end of its job, before the daemon sets the status.',
      ),
    stop_sec: seconds(0)
      .default(120)
      .describe(
        "Time for the agent to end an aborted task, in addition to the timeout of the task's abort callback, before the daemon cancels the job with `scancel`. Raise it if tasks save large checkpoints when aborted.",
      ),
    absent_sec: seconds(0)
      .default(600)
      .describe(
        'How long a job may be unknown to Slurm, and its agent silent, before a waiting task is resubmitted and a running task fails. Raise it if your controller needs longer to list all jobs after a restart.',
      ),
    never_starts_sec: seconds(0)
      .optional()
      .describe(
        'How long a job may wait for a reason that never resolves by itself, such as a time limit above that of its partition, before it is cancelled and its task fails. Default: no limit; the console shows the reason.',
      ),
    adopt_sec: seconds(0)
      .default(300)
      .describe(
        'How long a task or job may be untracked before the daemon adopts it or returns it to its queue. Lower it to recover faster after a journal is lost.',
      ),
  })
  .prefault({})
  .describe('Grace periods: how long to wait before acting on a state that may resolve itself.');
