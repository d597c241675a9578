// Bugs that the oracle must find: each is an edit of the program, with the rounds in which the bug shows.
import type { RoundPlan } from '../simulation/schedule.ts';
import type { SourceEdit } from '../support/source-edits.ts';

export interface SeededBug {
  readonly title: string;
  readonly edits: readonly SourceEdit[];
  /** Common settings of the rounds in which the bug shows. */
  readonly rounds: Partial<RoundPlan>;
}

export const SEEDED_BUGS: readonly SeededBug[] = [
  {
    title: 'the daemon runs sbatch again after a timeout',
    edits: [
      {
        file: 'src/slurm/run-slurm-commands.ts',
        from: '      if (outcome !== undefined) return outcome;\n',
        to: "      if (outcome?.kind === 'unknown') return parseSbatch(await run(submits, command));\n      if (outcome !== undefined) return outcome;\n",
      },
    ],
    rounds: { kinds: ['sbatch answer is lost'] },
  },
  {
    title: 'the daemon identifies a job only by the job id',
    edits: [
      {
        file: 'src/daemon/reconcile/reconcile.ts',
        from: '    jobs: snapshot.jobs.get(entry.task) ?? [],\n',
        to: '    jobs: [...snapshot.jobs.values()].flat().filter(({ id }) => id === entry.jobId),\n',
      },
      {
        file: 'src/daemon/reconcile/decide-with-records.ts',
        from: 'found?.name === name && !isOthers ? found : undefined',
        to: '!isOthers ? found : undefined',
      },
    ],
    rounds: { kinds: ['controller crashes', 'daemon dies before its call'], isLazy: true },
  },
  {
    title: 'the daemon reads an error of squeue as an empty list of jobs',
    edits: [
      {
        file: 'src/slurm/squeue.ts',
        from: "if (result.stderr.trim() !== '') return { kind: 'failed', message: oneLine(result.stderr) };",
        to: "if (result.stderr.trim() !== '') return { kind: 'listed', jobs: [] };",
      },
    ],
    rounds: { kinds: ['squeue complains'], isLazy: true },
  },
  {
    title: 'the daemon writes the journal entry of a task after the claim',
    edits: [
      {
        file: 'src/daemon/claim/claim-one-task.ts',
        from: `  await deps.journal.write(entry);
  // A pop whose response is lost throws: the journal then shows that the task may be ours.
  if (await (isBehind === true ? queues.removeEntry(queue.id, task) : queues.pop(queue.id, task))) return entry;
`,
        to: `  if (await (isBehind === true ? queues.removeEntry(queue.id, task) : queues.pop(queue.id, task))) {
    await deps.journal.write(entry);
    return entry;
  }
`,
      },
    ],
    rounds: { kinds: ['daemon dies before its call'] },
  },
  {
    title: 'a job runs a task without a gate',
    edits: [{ file: 'templates/agent-execute.sh.mustache', from: '"$(clearml_pass_gate)"', to: 'open' }],
    rounds: { kinds: ['sbatch is doubled'] },
  },
  {
    title: 'the daemon parks a task with tasks.enqueue',
    edits: [
      {
        file: 'src/clearml/queues.ts',
        from: "await session.call('queues.add_task', body, { shape: Done, idempotent });",
        to: "await session.call('tasks.enqueue', { queue, task }, { shape: Done, idempotent });",
      },
    ],
    rounds: { kinds: ['user aborts'] },
  },
  {
    title: 'the daemon changes execution.queue of a parked task',
    edits: [
      {
        file: 'src/clearml/queues.ts',
        from: 'const body = { queue, task, update_execution_queue: false };',
        to: 'const body = { queue, task, update_execution_queue: true };',
      },
    ],
    rounds: { kinds: ['user aborts', 'daemon dies before its call'] },
  },
  {
    title: 'the daemon calls tasks.failed for a parked task, but leaves the task in the scheduler queue',
    edits: [
      {
        file: 'src/daemon/end/end-task.ts',
        from: '  if (basis.isParked && !(await deps.clearml.queues.removeEntry(schedulerQueueOf(deps, entry), entry.task))) return;\n',
        to: '',
      },
    ],
    rounds: { kinds: ['sbatch refuses'] },
  },
  {
    title: 'a job runs clearml-agent without --require-queue',
    edits: [{ file: 'templates/partials/run-agent.sh.mustache', from: ' --require-queue', to: '' }],
    rounds: { kinds: ['user aborts', 'user resets', 'user dequeues'], tasks: 40 },
  },
  {
    title: 'the daemon parks a task again while the job of the task still runs',
    edits: [
      {
        file: 'src/daemon/decide/running-job.ts',
        from: '  if (isAgentFinished(task, job)) return [];\n',
        to: "  if (task !== undefined && isStoppedByTerm(task)) return [{ do: 'park-again', from: 'stopped', after: 'requeued by Slurm' }];\n  if (isAgentFinished(task, job)) return [];\n",
      },
    ],
    rounds: { kinds: ['job is preempted', 'user requeues the job'], isLazy: true },
  },
  {
    title: 'the daemon forgets an abort that the starting agent overwrites',
    edits: [
      {
        file: 'src/daemon/decide/running-job.ts',
        from: '    if (isAbortOverwritten(task, job, observation)) return repeatAbort(job, task, observation);\n',
        to: '',
      },
    ],
    rounds: { kinds: ['user aborts'], isLazy: true, movesPerFault: 80 },
  },
  {
    title: 'the daemon resubmits a task without a look-up by job name',
    edits: [
      {
        file: 'src/daemon/recover/finish-interrupted-steps.ts',
        from: '  const [job] = found.jobs;\n',
        to: '  const [job] = found.jobs.slice(0, 0);\n',
      },
      {
        file: 'src/daemon/recover/finish-interrupted-steps.ts',
        from: '  if (live !== undefined) {\n',
        to: "  if (live !== undefined && entry.step !== 'submitting') {\n",
      },
    ],
    rounds: { kinds: ['sbatch answer is lost'], isLazy: true },
  },
  {
    title: 'the daemon submits a new attempt of a task that is no longer parked',
    edits: [
      {
        file: 'src/daemon/recover/finish-interrupted-steps.ts',
        from: '  if (isReady) {\n    const shown',
        to: '  {\n    const shown',
      },
    ],
    rounds: {
      kinds: ['sbatch is unknown', 'sbatch answer is lost', 'user clears the scheduler queue'],
      isLazy: true,
      movesPerFault: 8,
    },
  },
  {
    title: 'the daemon claims a task while an earlier job of the task is live',
    edits: [
      {
        file: 'src/daemon/claim/claim-one-task.ts',
        from: 'if (deps.journal.entries.has(task)) return undefined;',
        to: 'if (deps.busy.has(task)) return undefined;',
      },
      {
        file: 'src/daemon/claim/earlier-jobs.ts',
        from: 'journal.entries.has(task) || findLiveJob(snapshot, task) !== undefined',
        to: 'false',
      },
    ],
    rounds: { kinds: ['user resets', 'user enqueues', 'user aborts'], isLazy: true, movesPerFault: 20 },
  },
  {
    title: 'the daemon forgets a task with the status "in_progress"',
    edits: [
      {
        file: 'src/daemon/decide/ended-job.ts',
        from: '  if (mayRunElsewhere(task, job, observation)) return [];\n',
        to: "  return [{ do: 'forget' }];\n",
      },
      {
        file: 'src/daemon/recover/find-untracked-tasks.ts',
        from: "  if (task.status === 'in_progress') return wasOurs(facts, task, queue);\n",
        to: "  if (task.status === 'in_progress') return undefined;\n",
      },
    ],
    rounds: { kinds: ['job dies', 'node dies'] },
  },
  {
    title: 'the daemon does not repeat an abort that the pop of the task undid',
    edits: [
      {
        file: 'src/daemon/decide/recognize-abort.ts',
        from: "  return task.status === 'queued' && task.statusMessage.startsWith(STOPPED_MESSAGE);\n",
        to: '  return false;\n',
      },
    ],
    rounds: { kinds: ['user aborts'], isLazy: true },
  },
];
