// The check of `doctor --on-node --as USER`: whether a job of another Unix user gets as far as its task.
import { findJobExit, JOB_EXIT_CODES } from '../sbatch-template/job-script/job-exit-codes.ts';
import { checkFact, failed, passed, type Check, type CheckResult, type Fact } from './check-result.ts';

export interface UserJobSeen {
  readonly jobId: string;
  readonly user: string;
  readonly stateWord: string;
  readonly exitCode: number | undefined;
}

export interface UserSeen {
  readonly job: Fact<UserJobSeen>;
}

export const USER_CHECKS: readonly Check<UserSeen>[] = [
  {
    id: 'user-job',
    question: 'Does a job of this user find its configuration and agent, and does the server accept its key?',
    fix: 'As this user, correct what the message names; docs/shared-service.md lists what each user needs',
    check: ({ job }) => checkFact(job, checkJob),
  },
];

/** The task of the job does not exist, so the gate is closed to it: it is the last thing that can fail before a task. */
function checkJob({ jobId, user, stateWord, exitCode }: UserJobSeen): CheckResult {
  if (exitCode === JOB_EXIT_CODES.gateClosed.code)
    return passed(`job ${jobId} ran as ${user}, and found its configuration, an agent and the server`);
  const known = exitCode === undefined ? undefined : findJobExit(exitCode);
  if (known === undefined)
    return failed(`job ${jobId} as ${user} ended ${stateWord} (exit code ${exitCode ?? 'unknown'})`);
  return failed(`job ${jobId} as ${user}: ${known.meaning} ${known.advice}`.replace(/\.$/, ''));
}
