// How each path among the settings is used, and what checks it against the rule of trusted paths.

interface Use {
  /** What reads or runs it. */
  readonly what: string;
  /** What checks it. */
  readonly check: string;
  /** Whether members of `trusted_group` may write to it. */
  readonly isShared: boolean;
}

/** Each path in the schema has one of these in its metadata `trusted`. */
export const TRUSTED_USES = {
  'read here': { what: 'files that this machine reads', check: 'every command', isShared: false },
  'run here': { what: 'programs that this machine runs', check: 'every command', isShared: false },
  template: { what: 'templates', check: 'the daemon, before it claims a task; `doctor`', isShared: true },
  state: { what: 'files of the daemon', check: 'the daemon, before use; `doctor`', isShared: false },
  'run there': {
    what: 'programs that the login node runs',
    check: 'there, before the first command',
    isShared: true,
  },
  'read there': {
    what: "files that Slurm's commands read on the login node",
    check: 'there, before the first command',
    isShared: true,
  },
  'shared folder': {
    what: 'directories that the login node and the nodes share',
    check: '`doctor`; each job',
    isShared: true,
  },
  'run on nodes': {
    what: 'programs that the nodes run',
    check: 'each job; before the first command, if the login node has them',
    isShared: true,
  },
  'read on nodes': { what: 'directories that the nodes read', check: 'each job', isShared: true },
  'mounted by tasks': { what: 'directories that only tasks use', check: 'not checked', isShared: false },
} as const satisfies Readonly<Record<string, Use>>;

export type Trusted = keyof typeof TRUSTED_USES;
