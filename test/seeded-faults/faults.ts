// Faults that the oracle must find: each an edit of the program, and the rounds in which it shows.
import type { RoundPlan } from '../simulation/schedule.ts';
import type { SourceEdit } from '../support/source-edits.ts';

export interface SeededFault {
  readonly title: string;
  readonly edits: readonly SourceEdit[];
  /** What the rounds have in common in which it shows. */
  readonly rounds: Partial<RoundPlan>;
}

export const SEEDED_FAULTS: readonly SeededFault[] = [
  {
    title: 'sbatch is run again when it timed out',
    edits: [
      {
        file: 'src/slurm/cli-scheduler.ts',
        from: '      if (outcome !== undefined) return outcome;\n',
        to: "      if (outcome?.kind === 'unknown') return readSbatch(await run(submits, command));\n      if (outcome !== undefined) return outcome;\n",
      },
    ],
    rounds: { kinds: ['sbatch answer is lost'] },
  },
  {
    title: 'a job is known by its id alone',
    edits: [
      {
        file: 'src/daemon/reconcile/reconcile.ts',
        from: '    jobs: snapshot.jobs.get(entry.task) ?? [],\n',
        to: '    jobs: [...snapshot.jobs.values()].flat().filter(({ id }) => id === entry.jobId),\n',
      },
      {
        file: 'src/daemon/reconcile/reconcile.ts',
        from: 'found?.name === name ? found : undefined',
        to: 'found',
      },
    ],
    rounds: { kinds: ['controller crashes', 'daemon dies before its call'], isLazy: true },
  },
  {
    title: 'an empty squeue that complains on standard error is taken for an empty list',
    edits: [
      {
        file: 'src/slurm/squeue.ts',
        from: "if (result.stderr.trim() !== '') return { kind: 'failed', words: oneLine(result.stderr) };",
        to: "if (result.stderr.trim() !== '') return { kind: 'listed', jobs: [] };",
      },
    ],
    rounds: { kinds: ['squeue complains'], isLazy: true },
  },
  {
    title: 'a task is popped before the journal knows of it',
    edits: [
      {
        file: 'src/daemon/claim/claim.ts',
        from: `  await deps.journal.write(entry);
  // A pop whose response is lost throws: the journal then shows that the task may be ours.
  if (await take(queue.id, task)) return entry;
`,
        to: `  if (await take(queue.id, task)) {
    await deps.journal.write(entry);
    return entry;
  }
`,
      },
    ],
    rounds: { kinds: ['daemon dies before its call'] },
  },
  {
    title: 'the gate is left out',
    edits: [{ file: 'templates/agent-execute.sh.mustache', from: '"$(clearml_pass_gate)"', to: 'open' }],
    rounds: { kinds: ['sbatch is doubled'] },
  },
  {
    title: 'a task is parked by tasks.enqueue',
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
    title: 'parking a task changes its execution queue',
    edits: [
      {
        file: 'src/clearml/queues.ts',
        from: 'const body = { queue, task, update_execution_queue: false };',
        to: 'const body = { queue, task, update_execution_queue: true };',
      },
    ],
    rounds: { kinds: ['user aborts'] },
  },
  {
    title: 'a task that waits is failed without its entry being taken first',
    edits: [
      {
        file: 'src/daemon/reconcile/end.ts',
        from: '  if (basis.isParked && !(await deps.clearml.queues.removeEntry(deps.schedulerQueue, entry.task))) return;\n',
        to: '',
      },
    ],
    rounds: { kinds: ['sbatch refuses'] },
  },
  {
    title: 'the agent does not require that the task waits',
    edits: [{ file: 'templates/partials/agent.sh.mustache', from: ' --require-queue', to: '' }],
    rounds: { kinds: ['user aborts', 'user resets', 'user dequeues'] },
  },
  {
    title: 'a task is returned to its queue while its job still runs',
    edits: [
      {
        file: 'src/daemon/decide/running.ts',
        from: '  if (isAgentFinished(task, job)) return [];\n',
        to: "  if (task !== undefined && isStoppedByTerm(task)) return [{ do: 'park-again', from: 'stopped' }];\n  if (isAgentFinished(task, job)) return [];\n",
      },
    ],
    rounds: { kinds: ['job is preempted', 'user requeues the job'], isLazy: true },
  },
  {
    title: 'a task is resubmitted without looking its job up',
    edits: [
      {
        file: 'src/daemon/submit/resume.ts',
        from: '  const [job] = found.jobs;\n',
        to: '  const [job] = found.jobs.slice(0, 0);\n',
      },
      {
        file: 'src/daemon/submit/resume.ts',
        from: '  if (live !== undefined) {\n',
        to: "  if (live !== undefined && entry.step !== 'submitting') {\n",
      },
    ],
    rounds: { kinds: ['sbatch answer is lost'], isLazy: true },
  },
  {
    title: 'a new attempt is made though the entry is gone',
    edits: [
      {
        file: 'src/daemon/submit/resume.ts',
        from: 'if (isReady && entry.attempts < MAX_ATTEMPTS) {',
        to: 'if (entry.attempts < MAX_ATTEMPTS) {',
      },
    ],
    rounds: { kinds: ['sbatch answer is lost', 'sbatch is in flight', 'gate answer is lost'], isLazy: true },
  },
  {
    title: 'a task is claimed while an old job of it lives',
    edits: [
      {
        file: 'src/daemon/claim/claim-tasks.ts',
        from: 'function findUnclaimable({ journal }: DaemonDeps',
        to: 'function findUnclaimable({ busy }: DaemonDeps',
      },
      {
        file: 'src/daemon/claim/claim-tasks.ts',
        from: 'journal.entries.has(task) || findLiveJob(snapshot, task) !== undefined',
        to: 'busy.has(task)',
      },
    ],
    rounds: { kinds: ['user resets', 'user enqueues', 'user aborts'], isLazy: true, movesPerFault: 20 },
  },
  {
    title: 'a task is forgotten while it is in progress',
    edits: [
      {
        file: 'src/daemon/decide/ended.ts',
        from: '  if (mayRunElsewhere(task, job, observation)) return [];\n',
        to: "  return [{ do: 'forget' }];\n",
      },
    ],
    rounds: { kinds: ['job dies', 'node dies'] },
  },
];
