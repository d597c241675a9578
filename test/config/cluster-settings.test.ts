// The clusters and queues of a configuration, and the errors for contradictions.
import { expect } from 'chai';
import { ConfigError } from '../../src/config/errors.ts';
import type { Settings } from '../../src/config/convert-settings.ts';
import { configFrom, configWith } from './config-from.ts';
import { catchError } from './catch-error.ts';

const TWO = 'clusters { hpc1 { host: login1 }, hpc2 { host: login2, template: two.template } }';

function served(slurm: string, environment: Readonly<Record<string, string>> = {}): Settings {
  return configWith(`agent.slurm { ${slurm} }`, environment).settings;
}

/** As `name -> cluster (template)`. */
function routes({ queues }: Pick<Settings, 'queues'>): string[] {
  return queues.map(({ name, cluster, template }) => `${name} -> ${cluster ?? '-'} (${template ?? '-'})`);
}

function problemWith(slurm: string): string {
  return catchError(ConfigError, () => served(slurm)).message;
}

describe('a queue', () => {
  const cases: readonly [what: string, slurm: string, expected: string[]][] = [
    [
      'belongs to the unnamed local cluster if agent.slurm.clusters is empty',
      'queues: [a, b]',
      ['a -> - (-)', 'b -> - (-)'],
    ],
    [
      'belongs to the only configured cluster if the queue names no cluster',
      'clusters { hpc1 {} }, queues: [a]',
      ['a -> hpc1 (-)'],
    ],
    ['named "default" is not served if clearml.conf lists no queue but two clusters', TWO, []],
    [
      'named "default" is served if clearml.conf lists no queue and one cluster',
      'clusters { hpc1 {} }',
      ['default -> hpc1 (-)'],
    ],
    [
      'uses the template of the cluster unless the queue has a template',
      `${TWO}, queues { a { cluster: hpc1 }, b { cluster: hpc2 }, c { cluster: hpc2, template: own.template } }`,
      ['a -> hpc1 (-)', 'b -> hpc2 (/home/ada/two.template)', 'c -> hpc2 (/home/ada/own.template)'],
    ],
    [
      'is served if the queue names the selected cluster, or no cluster',
      `${TWO}, cluster: hpc2, queues { a { cluster: hpc1 }, b { cluster: hpc2 }, c {} }`,
      ['b -> hpc2 (/home/ada/two.template)', 'c -> hpc2 (/home/ada/two.template)'],
    ],
    [
      'keeps its position in clearml.conf even if the name of the queue is a number',
      'queues { gpu {}, 10 {}, cpu {}, 2 {} }',
      ['gpu -> - (-)', '10 -> - (-)', 'cpu -> - (-)', '2 -> - (-)'],
    ],
    [
      'may have dots and blanks in a quoted name',
      `${TWO}, queues { "team a/v1.2" { cluster: hpc1 } }`,
      ['team a/v1.2 -> hpc1 (-)'],
    ],
  ];
  for (const [what, slurm, expected] of cases) {
    it(what, () => {
      expect(routes(served(slurm))).to.deep.equal(expected);
    });
  }

  it('keeps its settings from clearml.conf if --queue names the queue', () => {
    const { settings } = configFrom({
      files: {
        '/home/ada/clearml.conf': `agent.slurm { ${TWO}, queues { a { cluster: hpc1, template: t }, b { cluster: hpc2 } } }`,
      },
      settings: [{ option: '--queue', path: 'agent.slurm.queues', value: ['b', 'a'] }],
    });

    expect(routes(settings)).to.deep.equal(['b -> hpc2 (/home/ada/two.template)', 'a -> hpc1 (/home/ada/t)']);
  });

  it('uses the template of --template-files instead of the template in clearml.conf', () => {
    const { settings } = configFrom({
      files: {
        '/home/ada/clearml.conf': 'agent.slurm { clusters { hpc1 { template: c } }, queues { a { template: t } } }',
      },
      settings: [{ option: '--template-files', path: 'agent.slurm.template_files', value: ['new'] }],
    });

    expect(routes(settings)).to.deep.equal(['a -> hpc1 (-)']);
    expect(settings.slurm.templateFiles).to.deep.equal(['new']);
  });
});

describe('a cluster', () => {
  it('has its own state directory and scheduler queue, and inherits other settings of agent.slurm', () => {
    const { clusters } = served(
      'state_dir: /s, shared_dir: /all, python: /py, slurm_bin_dir: /bin, clusters { hpc1 { shared_dir: /one }, hpc2 { slurm_conf: /two.conf } }',
      { SLURM_CONF: '/here.conf' },
    );

    const both = { ssh: undefined, slurmBinDir: '/bin', python: '/py' };
    expect(clusters).to.deep.equal([
      {
        ...both,
        name: 'hpc1',
        stateDir: '/s/hpc1',
        schedulerQueue: 'slurm_scheduler.hpc1',
        slurmConf: '/here.conf',
        sharedDir: '/one',
      },
      {
        ...both,
        name: 'hpc2',
        stateDir: '/s/hpc2',
        schedulerQueue: 'slurm_scheduler.hpc2',
        slurmConf: '/two.conf',
        sharedDir: '/all',
      },
    ]);
  });

  it('has only the SSH settings that clearml.conf sets, so that ssh_config can set the others', () => {
    const { clusters } = served(`clusters {
      plain { host: login1 }
      full { host: login2, user: jane, port: 2222, identity_file: ~/.ssh/k, jump: [gate, "jo@inner:22"],
             provider: openssh, channels: 2, host_keys: accept-new }
      keyed { host: login3, identity_file: [a, /b], jump: none, password_file: pw, host_keys: "SHA256:${'A'.repeat(43)}" }
    }`);

    const unset = { user: undefined, port: undefined, identityFiles: undefined, jumps: undefined, hostKeys: undefined };
    expect(clusters.map(({ ssh }) => ssh)).to.deep.equal([
      { ...unset, provider: 'ssh2', host: 'login1', channels: 4, passwordFrom: undefined },
      {
        provider: 'openssh',
        host: 'login2',
        user: 'jane',
        port: 2222,
        identityFiles: ['/home/ada/.ssh/k'],
        jumps: ['gate', 'jo@inner:22'],
        hostKeys: 'accept-new',
        channels: 2,
        passwordFrom: undefined,
      },
      {
        ...unset,
        provider: 'ssh2',
        host: 'login3',
        identityFiles: ['/home/ada/a', '/b'],
        jumps: ['none'],
        hostKeys: `SHA256:${'A'.repeat(43)}`,
        channels: 4,
        passwordFrom: { file: '/home/ada/pw' },
      },
    ]);
  });

  it('ignores the local SLURM_CONF if the cluster is reached over SSH', () => {
    const { clusters } = served('clusters { hpc1 { host: login1 }, here { host: localhost } }', { SLURM_CONF: '/c' });

    expect(clusters.map(({ slurmConf }) => slurmConf)).to.deep.equal([undefined, '/c']);
    expect(clusters.map(({ ssh }) => ssh?.host)).to.deep.equal(['login1', undefined]);
  });

  it('is the only served cluster if agent.slurm.cluster names the cluster', () => {
    expect(served(`${TWO}, cluster: hpc2`).clusters.map(({ name }) => name)).to.deep.equal(['hpc2']);
  });

  it('is served even if no queue belongs to the cluster', () => {
    const { clusters, queues } = served(`${TWO}, queues { a { cluster: hpc1 } }`);

    expect(clusters.map(({ name }) => name)).to.deep.equal(['hpc1', 'hpc2']);
    expect(queues.map(({ cluster }) => cluster)).to.deep.equal(['hpc1']);
  });
});

describe('the check of clusters and queues', () => {
  const cases: readonly [slurm: string, message: string][] = [
    [
      `${TWO}, queues: [a]`,
      'queue "a" has no cluster, and there are several clusters (hpc1, hpc2): set agent.slurm.queues.a { cluster: … }',
    ],
    [`${TWO}, queues { a { cluster: hcp1 } }`, 'there is no cluster "hcp1": did you mean "hpc1"?'],
    [`${TWO}, cluster: other`, 'there is no cluster "other": the configuration has hpc1, hpc2'],
    ['queues { a { cluster: hpc1 } }', 'there is no cluster "hpc1": agent.slurm.clusters is empty'],
    [
      'clusters { hpc1 { hots: x } }',
      'there is no setting agent.slurm.clusters.hpc1.hots: did you mean agent.slurm.clusters.hpc1.host?',
    ],
    [
      'queues { a { clutser: x } }',
      'there is no setting agent.slurm.queues.a.clutser: did you mean agent.slurm.queues.a.cluster?',
    ],
    ['queues: 5', 'agent.slurm.queues must be a list, such as [a, b], or a group of queues in { }'],
    ['queues { a: hpc1 }', 'agent.slurm.queues.a must be a group of settings in { }'],
    ['clusters { hpc1: login1 }', 'agent.slurm.clusters.hpc1 must be a group of settings in { }'],
    ['clusters { "a/b" {} }', 'agent.slurm.clusters.a/b must consist of letters'],
    ['clusters { ".." {} }', 'agent.slurm.clusters.".." must consist of letters'],
    ['clusters { 12 {} }', 'agent.slurm.clusters.12 must consist of letters'],
    [
      'clusters { hpc1 { host: "jane@login1" } }',
      'agent.slurm.clusters.hpc1.host must be the name or address of a host',
    ],
    ['clusters { hpc1 { host: "-oProxyCommand=x" } }', 'agent.slurm.clusters.hpc1.host must be the name or address'],
    ['clusters { hpc1 { host: login1, port: 0 } }', 'agent.slurm.clusters.hpc1.port must be at least 1'],
    ['clusters { hpc1 { host: login1, port: 22.5 } }', 'agent.slurm.clusters.hpc1.port must be a whole number'],
    ['clusters { hpc1 { host: login1, channels: 11 } }', 'agent.slurm.clusters.hpc1.channels must be at most 10'],
    [
      'clusters { hpc1 { host: login1, provider: paramiko } }',
      'agent.slurm.clusters.hpc1.provider must be local, ssh2 or openssh',
    ],
    [
      'clusters { hpc1 { host: login1, host_keys: no } }',
      'agent.slurm.clusters.hpc1.host_keys must be strict, accept-new, or a fingerprint',
    ],
    [
      'clusters { hpc1 { host: login1, identity_file: 5 } }',
      'agent.slurm.clusters.hpc1.identity_file must be the path of a private key',
    ],
    ['clusters { hpc1 { provider: ssh2 } }', 'agent.slurm.clusters.hpc1.provider is ssh2, but there is no host'],
    ['clusters { hpc1 { provider: openssh, host: localhost } }', 'but localhost is reached without SSH'],
    [
      'clusters { hpc1 { provider: local, host: login1 } }',
      'agent.slurm.clusters.hpc1.provider is local, but agent.slurm.clusters.hpc1.host is login1',
    ],
    [
      'clusters { hpc1 { host: a, password_file: p, password_command: [pass] } }',
      'has both password_file and password_command',
    ],
    [
      `clusters { hpc1 { host: a, provider: openssh, host_keys: "SHA256:${'A'.repeat(43)}" } }`,
      'host_keys is a fingerprint, which openssh does not support',
    ],
    ['max_gpus: 0', 'agent.slurm.max_gpus must be at least 1'],
    ['max_jobs: 0', 'agent.slurm.max_jobs must be at least 1'],
    ['queues { a { max_jobs_per_user: 1.5 } }', 'agent.slurm.queues.a.max_jobs_per_user must be a whole number'],
    ['clusters { hpc1 { host: a, password_file: p, provider: openssh } }', 'password_file has no effect with openssh'],
  ];
  for (const [slurm, message] of cases) {
    it(`rejects \`${slurm.replace(`${TWO}, `, '')}\` with an error that contains: ${message}`, () => {
      expect(problemWith(slurm))
        .to.match(/^\/home\/ada\/clearml\.conf:1:\d+: /)
        .and.to.contain(message);
    });
  }
});

describe('agent.slurm', () => {
  const limitsOf = (slurm: string): unknown => {
    const { clusters, queues } = served(slurm);
    return {
      clusters: clusters.map(({ limits }) => limits),
      queues: queues.map(({ limits, userFairness }) => [limits, userFairness]),
    };
  };

  const NO_LIMITS = {
    maxJobs: undefined,
    maxWaitingJobs: undefined,
    maxJobsPerUser: undefined,
    maxNodes: undefined,
    maxGpus: undefined,
  };

  it('provides the default limits of each cluster', () => {
    const slurm =
      'max_jobs: 100, max_jobs_per_user: 10, clusters { hpc1 { host: login1 }, hpc2 { host: login2, max_jobs: 5 } }';

    expect(limitsOf(slurm)).to.deep.include({
      clusters: [
        { ...NO_LIMITS, maxJobs: 100, maxJobsPerUser: 10 },
        { ...NO_LIMITS, maxJobs: 5, maxJobsPerUser: 10 },
      ],
    });
    expect(limitsOf('max_waiting_jobs: 7')).to.deep.include({
      clusters: [{ ...NO_LIMITS, maxWaitingJobs: 7 }],
    });
    expect(limitsOf('max_gpus: 64, clusters { hpc1 { host: login1, max_nodes: 8 } }')).to.deep.include({
      clusters: [{ ...NO_LIMITS, maxGpus: 64, maxNodes: 8 }],
    });
  });

  it('provides the default user_fairness of each queue, but no limits', () => {
    expect(
      limitsOf('max_jobs: 100, user_fairness: true, queues { a { max_jobs: 3 }, b { user_fairness: false } }'),
    ).to.deep.include({
      queues: [
        [{ ...NO_LIMITS, maxJobs: 3 }, true],
        [undefined, undefined],
      ],
    });
    expect(limitsOf('user_fairness: true, queues: [a]')).to.deep.include({ queues: [[undefined, true]] });
  });
});
