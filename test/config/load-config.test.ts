// Loading the whole configuration: precedence of the sources, files and the resulting settings.
import { expect } from 'chai';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readTextFile } from '../../src/config/config-files.ts';
import { ConfigError } from '../../src/config/errors.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { configFrom, configWith } from './config-from.ts';
import { catchError } from './catch-error.ts';

const HOME_CONF = '/home/ada/clearml.conf';

describe('the configuration', () => {
  const path = 'agent.slurm.queue_poll_interval_sec';

  it('applies the precedence: option, named variable, CLEARML_AGENT__ variable, file, default', () => {
    const files = { [HOME_CONF]: `${path}: 10` };
    const dynamic = { CLEARML_AGENT__AGENT__SLURM__QUEUE_POLL_INTERVAL_SEC: '20' };
    const named = { ...dynamic, CLEARML_AGENT_QUEUE_POLL_FREQ_SEC: '30' };
    const settings = [{ option: '--queue-poll', path, value: 40 }];

    const seen = [
      configFrom({}),
      configFrom({ files }),
      configFrom({ files, environment: dynamic }),
      configFrom({ files, environment: named }),
      configFrom({ files, environment: named, settings }),
    ];

    expect(seen.map((config) => config.settings.slurm.queuePollIntervalMs)).to.deep.equal([
      5_000, 10_000, 20_000, 30_000, 40_000,
    ]);
    expect(seen.map((config) => config.originOf(path))).to.deep.equal([
      { kind: 'default' },
      { kind: 'file', file: HOME_CONF, line: 1, column: 1 },
      { kind: 'variable', name: 'CLEARML_AGENT__AGENT__SLURM__QUEUE_POLL_INTERVAL_SEC' },
      { kind: 'variable', name: 'CLEARML_AGENT_QUEUE_POLL_FREQ_SEC' },
      { kind: 'option', name: '--queue-poll' },
    ]);
  });

  it('accepts a string or a list as extra_docker_shell_script, as clearml-agent does', () => {
    const linesOf = (written: string): readonly string[] =>
      configWith(`agent.extra_docker_shell_script: ${written}`).settings.containers.setUpLines;

    expect(linesOf('"apt-get update"')).to.deep.equal(['apt-get update']);
    expect(linesOf('["apt-get update", 7]')).to.deep.equal(['apt-get update', '7']);
    expect(linesOf('""')).to.deep.equal([]);
    expect(linesOf('[]')).to.deep.equal([]);
  });

  it('keeps the queues in clearml.conf if the command line has no --queue', () => {
    const config = configFrom({
      files: { [HOME_CONF]: 'agent.slurm.queues: [gpu]' },
      settings: [{ option: '--queue', path: 'agent.slurm.queues', value: undefined }],
    });

    expect(config.settings.queues.map(({ name }) => name)).to.deep.equal(['gpu']);
  });

  it('merges groups of the file and the environment, but replaces lists', () => {
    const config = configWith('agent.slurm { queues: [a, b], grace { end_sec: 1 } }', {
      CLEARML_AGENT__AGENT__SLURM: '{ queues: [c], grace: { stop_sec: 2 } }',
    });

    expect(config.settings.queues.map(({ name }) => name)).to.deep.equal(['c']);
    expect(config.settings.slurm.grace).to.deep.include({ endMs: 1_000, stopMs: 2_000, startMs: 300_000 });
  });
});

describe('the configuration file', () => {
  const files = {
    '/x/own.conf': 'from: own',
    '/x/variable.conf': 'from: variable',
    '/home/ada/trains.conf': 'from: trains, old: 1',
    [HOME_CONF]: 'from: clearml',
    '/home/ada/.clearml.conf': 'from: hidden',
    '/home/ada/tilde.conf': 'from: tilde',
  };
  const variable = { CLEARML_CONFIG_FILE: '/x/variable.conf' };

  it('is the file in --config-file, else in CLEARML_CONFIG_FILE, else ~/clearml.conf', () => {
    expect(configFrom({ files, environment: variable, configFile: '/x/own.conf' }).tree['from']).to.equal('own');
    expect(configFrom({ files, environment: variable }).tree['from']).to.equal('variable');
    expect(configFrom({ files }).tree).to.deep.include({ from: 'clearml', old: 1 });
    expect(configFrom({ files }).files).to.deep.equal(['/home/ada/trains.conf', HOME_CONF]);
  });

  it('is ~/.clearml.conf only if no other file exists', () => {
    const hidden = { '/home/ada/.clearml.conf': 'from: hidden' };

    expect(configFrom({ files: hidden }).tree['from']).to.equal('hidden');
  });

  it('can be named with a tilde for the home directory', () => {
    expect(configFrom({ files, configFile: '~/tilde.conf' }).tree['from']).to.equal('tilde');
  });

  it('causes an error if --config-file names a missing file', () => {
    expect(() => configFrom({ files, configFile: '/x/none.conf' })).to.throw(
      ConfigError,
      '--config-file: there is no file /x/none.conf',
    );
  });

  it('causes a warning if an environment variable names a missing file', () => {
    const config = configFrom({ files, environment: { TRAINS_CONFIG_FILE: '/x/none.conf' } });

    expect(config.warnings).to.deep.equal(['TRAINS_CONFIG_FILE names /x/none.conf, which does not exist.']);
    expect(config.missingFiles).to.deep.equal(['/x/none.conf']);
  });

  it('may include other files by relative paths', () => {
    const config = configFrom({
      files: { '/x/a.conf': 'include "sub/b.conf"\ninclude "none.conf"', '/x/sub/b.conf': 'b: 1' },
      configFile: '/x/a.conf',
    });

    expect(config.tree['b']).to.equal(1);
    expect(config.files).to.deep.equal(['/x/a.conf', '/x/sub/b.conf']);
    expect(config.warnings).to.deep.equal(['/x/a.conf includes none.conf, which does not exist.']);
  });

  it('causes an error that names the path if the file cannot be read', () => {
    const folder = mkdtempSync(join(tmpdir(), 'config-'));
    try {
      const problem = catchError(ConfigError, () =>
        loadConfig({ environment: {}, homeDir: folder, commandLine: { configFile: folder }, readFile: readTextFile }),
      );

      expect(problem.message).to.contain(folder).and.to.contain('EISDIR');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('is read from the disk as UTF-8', () => {
    const folder = mkdtempSync(join(tmpdir(), 'config-'));
    try {
      writeFileSync(join(folder, 'clearml.conf'), 'api.api_server: "http://höst:8008"');

      const config = loadConfig({ environment: {}, homeDir: folder, commandLine: {}, readFile: readTextFile });

      expect(config.settings.api.apiServer).to.equal('http://höst:8008');
      expect(config.missingFiles).to.deep.equal([join(folder, 'trains.conf')]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('the loaded configuration', () => {
  it('contains the default of each setting that is not set', () => {
    const { slurm, clusters, queues, api, abortCallbackMaxMs } = configFrom({}).settings;

    expect(slurm).to.deep.equal({
      templateFiles: [],
      orderFairness: false,
      minUid: 1000,
      userMap: {},
      pollIntervalMs: 15_000,
      queuePollIntervalMs: 5_000,
      binaries: { batchBinary: 'sbatch', runBinary: 'srun', monitorBinary: 'squeue' },
      sbatchTimeoutMs: 180_000,
      commandTimeoutMs: 90_000,
      submitsPerSecond: 10,
      apiCallsPerSecond: 40,
      trustedGroup: undefined,
      agentVersion: '3.0.3',
      singularityMode: false,
      srunDelegation: false,
      grace: {
        startMs: 300_000,
        serverMs: 900_000,
        endMs: 60_000,
        stopMs: 120_000,
        absentMs: 600_000,
        neverStartsMs: undefined,
        adoptMs: 300_000,
      },
    });
    expect(clusters).to.deep.equal([
      {
        name: undefined,
        ssh: undefined,
        stateDir: '/home/ada/.local/state/clearml-agent-slurm',
        schedulerQueue: 'slurm_scheduler',
        slurmBinDir: undefined,
        slurmConf: undefined,
        sharedDir: undefined,
        python: undefined,
      },
    ]);
    expect(queues).to.deep.equal([{ name: 'default', cluster: undefined, template: undefined }]);
    expect(api.verifyCertificate).to.equal(true);
    expect(abortCallbackMaxMs).to.equal(1_800_000);
  });

  it('places the state directory under XDG_STATE_HOME', () => {
    expect(configFrom({ environment: { XDG_STATE_HOME: '/var/state' } }).settings.clusters[0]?.stateDir).to.equal(
      '/var/state/clearml-agent-slurm',
    );
  });

  it('resolves a relative path from the directory of the configuration file', () => {
    const config = configFrom({
      files: { '/etc/site/a.conf': 'agent.slurm { template_files: [gpu.sh, ~/own.sh, /abs.sh], state_dir: state }' },
      configFile: '/etc/site/a.conf',
      settings: [],
    });

    expect(config.settings.slurm.templateFiles).to.deep.equal(['/etc/site/gpu.sh', '/home/ada/own.sh', '/abs.sh']);
    expect(config.settings.clusters[0]?.stateDir).to.equal('/etc/site/state');
  });

  it('keeps a relative path from the command line', () => {
    const config = configFrom({
      settings: [{ option: '--template-files', path: 'agent.slurm.template_files', value: ['gpu.sh'] }],
    });

    expect(config.settings.slurm.templateFiles).to.deep.equal(['gpu.sh']);
  });

  it('uses the default of a setting that is null', () => {
    const config = configWith(
      'agent.slurm { shared_dir: null, state_dir: null, poll_interval_sec: null }, agent.worker_id: null',
    );

    expect(config.settings.clusters[0]?.sharedDir).to.equal(undefined);
    expect(config.settings.clusters[0]?.stateDir).to.equal('/home/ada/.local/state/clearml-agent-slurm');
    expect(config.settings.slurm.pollIntervalMs).to.equal(15_000);
    expect(config.originOf('agent.slurm.poll_interval_sec')).to.deep.equal({ kind: 'default' });
    expect(config.settings.workerId).to.equal(undefined);
  });

  it('keeps a null in agent.package_manager', () => {
    expect(configWith('agent.package_manager.pip_version: null').tree['agent']).to.deep.include({
      package_manager: { pip_version: null },
    });
  });

  it('accepts a number as access_key, and ignores an empty secret_key', () => {
    const { api, workerName } = configWith(
      'api.credentials { access_key: 12345, secret_key: "" }, agent.worker_name: " "',
    ).settings;

    expect(api.accessKey).to.equal('12345');
    expect(api.secretKey).to.equal(undefined);
    expect(workerName).to.equal(undefined);
  });

  it('derives the URLs of the web server and the files server from api.api_server', () => {
    const config = configWith('api.api_server: "https://api.example.org/"');

    expect(config.settings.api).to.deep.include({
      apiServer: 'https://api.example.org',
      webServer: 'https://app.example.org',
    });
    expect(config.tree['api']).to.deep.include({ files_server: 'https://files.example.org/' });
    expect(config.originOf('api.web_server')).to.deep.equal({ kind: 'derived', from: 'api.api_server' });
  });

  it('accepts the old name api.host for the API server', () => {
    expect(configWith('api.host: "http://h:8008"').settings.api).to.deep.include({
      apiServer: 'http://h:8008',
      webServer: 'http://h:8080',
    });
  });

  it('includes a warning about SBATCH_ACCOUNT, which has no effect', () => {
    const { warnings } = configFrom({ environment: { SBATCH_ACCOUNT: 'x', CLEARML_CONFIG_PATH: '/c' } });

    expect(warnings).to.have.length(2);
    expect(warnings.join()).to.contain('SBATCH_ACCOUNT').and.to.contain('CLEARML_CONFIG_PATH');
  });
});
