// Errors for invalid settings: position, setting and the permitted values.
import { expect } from 'chai';
import { ConfigError } from '../../../src/config/errors.ts';
import { configFrom, configWith } from '../config-from.ts';
import { catchError } from '../catch-error.ts';

function problemWith(text: string): string {
  return catchError(ConfigError, () => configWith(text)).message;
}

describe('the check of the settings', () => {
  it('reports the file, the line and the closest valid name for an unknown name', () => {
    expect(problemWith('agent {\n  slurm {\n    pol_interval_sec: 5\n  }\n}')).to.equal(
      '/home/ada/clearml.conf:3:5: there is no setting agent.slurm.pol_interval_sec: did you mean agent.slurm.poll_interval_sec?',
    );
  });

  it('lists all names of the group if the unknown name resembles no known name', () => {
    expect(problemWith('agent.slurm.grace { whatever_else: 5 }')).to.contain(
      'the settings of agent.slurm.grace are start_sec, server_sec, end_sec, stop_sec, absent_sec, never_starts_sec, adopt_sec',
    );
  });

  const demands: readonly [text: string, message: string][] = [
    ['agent.slurm.poll_interval_sec: 15s', 'agent.slurm.poll_interval_sec must be a number, without a unit'],
    ['agent.slurm.poll_interval_sec: 0', 'agent.slurm.poll_interval_sec must be at least 1'],
    ['agent.slurm.grace.end_sec: -1', 'agent.slurm.grace.end_sec must be at least 0'],
    ['agent.slurm.order_fairness: yes', 'agent.slurm.order_fairness must be true or false'],
    ['agent.slurm.queues: gpu', 'agent.slurm.queues must be a list, such as [a, b]'],
    ['agent.slurm.queues: [gpu, ""]', 'agent.slurm.queues[1] must not be empty'],
    ['agent.slurm.shared_dir: scratch', 'agent.slurm.shared_dir must be an absolute path'],
    [
      'agent.slurm.python: "~/venv/bin/python"',
      'agent.slurm.python must be an absolute path, as the cluster sees it: write no ~',
    ],
    ['agent.slurm.agent_version: 3.1', 'agent.slurm.agent_version must be a string, in double quotes'],
    ['agent.slurm.agent_version: latest', 'agent.slurm.agent_version must be a version such as "3.0.3"'],
    ['agent.slurm: 5', 'agent.slurm must be a group of settings'],
    ['agent.slurm.grace: 5', 'agent.slurm.grace must be a group of settings'],
    ['agent: 5', 'agent must be a group of settings'],
    [
      'agent.slurm.job_credentials { access_key: "", secret_key: b }',
      'agent.slurm.job_credentials.access_key must not be empty',
    ],
    ['agent.slurm.clusters: [hpc1]', 'agent.slurm.clusters must be a group of settings in { }'],
    ['agent.slurm.user_map: ada', 'agent.slurm.user_map must be a group of settings in { }'],
    ['agent.slurm.use_pbs: true', 'agent.slurm.use_pbs must be false: PBS is not supported'],
    ['api.verify_certificate: [1]', 'api.verify_certificate must be true, false, or the path'],
    ['api.credentials.access_key: [1]', 'api.credentials.access_key must be a string'],
    ['agent.abort_callback_max_timeout: long', 'agent.abort_callback_max_timeout must be a number, without a unit'],
  ];
  for (const [text, message] of demands) {
    it(`rejects \`${text}\`: the value must ${message.split(' must ')[1]}`, () => {
      expect(problemWith(text))
        .to.match(/^\/home\/ada\/clearml\.conf:1:\d+: /)
        .and.to.contain(message);
    });
  }

  it('converts "20" and "false" from environment variables to a number and a boolean', () => {
    const text =
      'agent.slurm { poll_interval_sec: ${POLL}, max_jobs: ${MOST}, singularity_mode: ${MODE}, grace.end_sec: "7.5", clusters.hpc.port: ${?PORT} }';
    const { settings } = configWith(text, { POLL: '20', MOST: '007', MODE: 'false', PORT: '2222' });

    expect(settings.slurm).to.deep.include({ pollIntervalMs: 20_000, singularityMode: false });
    expect(settings.slurm.grace.endMs).to.equal(7_500);
    expect(settings.clusters[0]?.limits?.maxJobs).to.equal(7);
  });

  it('reports the line in clearml.conf if an environment variable has the value "20s" instead of a number', () => {
    const text = 'agent.slurm {\n  poll_interval_sec: ${POLL}\n}';
    expect(() => configWith(text, { POLL: '20s' })).to.throw(
      ConfigError,
      '/home/ada/clearml.conf:2:3: agent.slurm.poll_interval_sec must be a number, without a unit',
    );
  });

  for (const secretKey of ['', 'secret_key: null']) {
    it(`reports the line of the group if a required setting is ${secretKey === '' ? 'missing' : 'null'}`, () => {
      const text = `agent.slurm {\n  job_credentials {\n    access_key: a\n    ${secretKey}\n  }\n}`;
      expect(problemWith(text)).to.match(
        /^\/home\/ada\/clearml\.conf:[24]:\d+: agent\.slurm\.job_credentials\.secret_key is missing$/,
      );
    });
  }

  for (const name of ['root', '0', '#0', '%wheel', '-u', 'a b', 'a:b', '+@x', '\\"\\"']) {
    it(`rejects the Unix user "${name}" in the user map`, () => {
      const message = problemWith(`agent.slurm {\n  user_map { default: "${name}" }\n}`);
      expect(message).to.match(/^\/home\/ada\/clearml\.conf:2:14: agent\.slurm\.user_map\.default must /);
    });
  }

  it('names the environment variable or the option that contains an invalid setting', () => {
    expect(() => configFrom({ environment: { CLEARML_AGENT__AGENT__SLURM__QUEUE: '[x]' } })).to.throw(
      ConfigError,
      'CLEARML_AGENT__AGENT__SLURM__QUEUE: there is no setting agent.slurm.queue: did you mean agent.slurm.queues?',
    );
    expect(() =>
      configFrom({ settings: [{ option: '--poll', path: 'agent.slurm.poll_interval_sec', value: 'x' }] }),
    ).to.throw(ConfigError, '--poll: agent.slurm.poll_interval_sec must be a number');
  });

  it('accepts unknown settings outside of agent.slurm', () => {
    expect(configWith('agent.whatever: {x: 1}, api.whatever: 1, whatever: 1').tree).to.deep.include({ whatever: 1 });
  });
});
