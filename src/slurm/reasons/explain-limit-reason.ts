// Explains a limit of the accounting database, such as QOSMaxCpuPerUserLimit: hundreds of reasons that follow one grammar.

export interface Reason {
  /**
   * `waits`: it resolves by itself. `needs-a-human`: a user or an admin must act, but the job can stay.
   * `never-runs`: it requests something unavailable and must be submitted differently. `ended`: why a job ended.
   */
  readonly class: 'waits' | 'needs-a-human' | 'never-runs' | 'ended';
  /** Continues "the job waits: …". */
  readonly explanation: string;
  /** What to do about it, in one or two sentences. */
  readonly advice?: string;
  /** For a limit of the accounting database: whether it limits the number of jobs or their size. */
  readonly limits?: 'jobs' | 'size';
}

/** The limited resource: its amount, as a noun, and before "minutes". Some appear twice, because Slurm spells them in two ways. */
const RESOURCES = {
  BB: ['much', 'burst buffer space', 'burst buffer'],
  Billing: ['many', 'billing units', 'billing'],
  CPU: ['many', 'CPUs', 'CPU'],
  Cpu: ['many', 'CPUs', 'CPU'],
  Energy: ['much', 'energy', 'energy'],
  GRES: ['many', 'GPUs (or other generic resources)', 'GPU (or other generic resource)'],
  License: ['many', 'licenses', 'license'],
  Mem: ['much', 'memory', 'memory'],
  Memory: ['much', 'memory', 'memory'],
  Node: ['many', 'nodes', 'node'],
  Unknown: ['many', 'units of some resource', 'resource'],
} as const satisfies Readonly<Record<string, readonly ['many' | 'much', string, string]>>;

const GRAMMAR = new RegExp(
  '^(?<scope>AssocGrp|AssocMax|QOSGrp|QOSMax|QOSMin|Max)' +
    `(?<what>${Object.keys(RESOURCES).join('|')}|Jobs?|SubmitJobs?|Wall|WallDuration)` +
    '(?<time>Minutes|RunMinutes|RunMins)?' +
    '(?:Per(?<per>Job|Node|User|Account))?' +
    '(?:Limit|NotSatisfied)?$',
);

const OTHERS_FIRST = 'the job starts when other jobs have ended';

/** Limits that older releases name with a single word. */
const WHOLE: Readonly<Record<string, Reason>> = {
  AccountingPolicy: full('your account or QOS has reached one of its limits'),
  AssociationJobLimit: tooMany('you have as many jobs as your account allows'),
  AssociationResourceLimit: full('your account uses as much as its limit allows'),
  AssociationTimeLimit: tooBig('it requests more time than your account allows', 'Lower --time.'),
  QOSJobLimit: tooMany('you have as many jobs in this QOS as the QOS allows'),
  QOSResourceLimit: full('the jobs of this QOS use as much as its limit allows'),
  QOSTimeLimit: tooBig('it requests more time than its QOS allows', 'Lower --time, or use another QOS.'),
};

/** Explains a reason about a limit; undefined for any other reason. */
export function explainLimitReason(word: string): Reason | undefined {
  const whole = Object.hasOwn(WHOLE, word) ? WHOLE[word] : undefined;
  if (whole !== undefined) return whole;
  const { scope, what, time, per } = GRAMMAR.exec(word)?.groups ?? {};
  if (scope === undefined || what === undefined) return undefined;

  const giver = scope.startsWith('Assoc') ? 'your account' : 'its QOS';
  const users = scope.endsWith('Grp')
    ? `the users of ${giver}`
    : per === 'Account'
      ? 'the users of your account'
      : 'you';
  if (what.startsWith('SubmitJob')) return tooMany(`${users} have as many pending and running jobs as allowed`);
  if (what.startsWith('Job')) return tooMany(`${users} have as many running jobs as allowed`);
  if (what === 'WallDuration') return tooBig(`it requests more time than ${giver} allows for one job`, 'Lower --time.');
  if (what === 'Wall') return usedUp(`the hours granted to ${giver} are used up`);

  const [amount, noun, adjective] = isResource(what) ? RESOURCES[what] : RESOURCES.Unknown;
  if (scope === 'QOSMin') {
    const less = amount === 'many' ? 'fewer' : 'less';
    return tooBig(`it requests ${less} ${noun} than ${giver} requires`, 'Request more, or use another QOS.');
  }
  if (per === 'Job' || per === 'Node') {
    const where = per === 'Node' ? ' on one node' : '';
    return time === undefined
      ? tooBig(`it requests more ${noun} than ${giver} allows for one job${where}`, 'Request less.')
      : tooBig(
          `it requests more ${adjective} minutes than ${giver} allows for one job`,
          'Request less, or lower --time.',
        );
  }
  if (time === undefined) return full(`with this job, ${users} would use more ${noun} than allowed`);
  if (time === 'Minutes') return usedUp(`the ${adjective} minutes granted to ${giver} are used up`);
  return {
    ...full(`running jobs may use up all the ${adjective} minutes that ${giver} allows`),
    advice: 'With a lower --time, the job can start earlier.',
  };
}

function isResource(what: string): what is keyof typeof RESOURCES {
  return Object.hasOwn(RESOURCES, what);
}

function tooMany(explanation: string): Reason {
  return { class: 'waits', explanation: `${explanation}; ${OTHERS_FIRST}`, limits: 'jobs' };
}

/** Without DenyOnLimit in the QOS, Slurm also accepts a job that alone exceeds the limit (sacctmgr(1)). */
function full(explanation: string): Reason {
  const advice = 'If it requests more than the whole limit, it never starts: request less.';
  return { class: 'waits', explanation: `${explanation}; ${OTHERS_FIRST}`, advice, limits: 'size' };
}

function usedUp(explanation: string): Reason {
  const advice = 'Ask the cluster admins for more, or wait until this limit is renewed.';
  return { class: 'needs-a-human', explanation, advice, limits: 'size' };
}

function tooBig(explanation: string, advice: string): Reason {
  return { class: 'never-runs', explanation, advice, limits: 'size' };
}
