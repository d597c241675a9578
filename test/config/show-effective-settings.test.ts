// What `config` prints.
import { expect } from 'chai';
import { UnknownSettingError } from '../../src/config/errors.ts';
import { showConfig } from '../../src/config/show-effective-settings.ts';
import { configFrom, configWith } from './config-from.ts';

const CONF = `
api { api_server: "http://h:8008", credentials { access_key: AK, secret_key: hunter2 } }
agent.slurm { queues: [gpu, cpu], shared_dir: /scratch }
agent.extra_index_url: ["https://ada:hunter2@h/simple"]
environment { HF: hunter2, n: 1 }
"odd.key" { "": 1 }
`;

describe('the config command', () => {
  const config = configWith(CONF, { CLEARML_WORKER_NAME: 'login1' });

  it('prints one setting per line, including defaults, with masked secrets', () => {
    const text = showConfig(config, {});
    const lines = text.split('\n');

    expect(lines).to.include('agent.slurm.queues = ["gpu","cpu"]');
    expect(lines).to.include('agent.slurm.poll_interval_sec = 15');
    expect(lines).to.include('api.credentials.access_key = "AK"');
    expect(lines).to.include('api.credentials.secret_key = "********"');
    expect(lines).to.include('agent.extra_index_url = ["https://********@h/simple"]');
    expect(lines).to.include('environment.HF = "********"');
    expect(lines).to.include('"odd.key"."" = 1');
    expect(text).not.to.contain('hunter2');
    expect(lines.at(-1)).to.equal('');
  });

  it('prints only the value of a single setting, for scripts', () => {
    expect(showConfig(config, { key: 'api.api_server' })).to.equal('http://h:8008\n');
    expect(showConfig(config, { key: 'agent.slurm.queues' })).to.equal('["gpu","cpu"]\n');
    expect(showConfig(config, { key: 'agent.slurm.poll_interval_sec' })).to.equal('15\n');
    expect(showConfig(config, { key: 'api.credentials.secret_key' })).to.equal('********\n');
    expect(showConfig(config, { key: '"odd.key"' })).to.equal('"odd.key"."" = 1\n');
  });

  it('prints a group with the full names of its settings', () => {
    expect(showConfig(config, { key: 'api.credentials' })).to.equal(
      'api.credentials.access_key = "AK"\napi.credentials.secret_key = "********"\n',
    );
  });

  it('prints the origin of each value with --origins', () => {
    const lines = showConfig(config, { origins: true })
      .split('\n')
      .map((line) => line.replace(/ +# /, ' # '));

    expect(lines).to.include('agent.slurm.shared_dir = "/scratch" # /home/ada/clearml.conf:3');
    expect(lines).to.include('agent.slurm.order_fairness = false # default');
    expect(lines).to.include('agent.worker_name = "login1" # CLEARML_WORKER_NAME');
    expect(lines).to.include('api.web_server = "http://h:8080" # from api.api_server');
    expect(showConfig(config, { key: 'agent.worker_name', origins: true })).to.equal(
      'agent.worker_name = "login1"  # CLEARML_WORKER_NAME\n',
    );
  });

  it('prints JSON, with or without origins', () => {
    expect(JSON.parse(showConfig(config, { key: 'agent.slurm.binaries', json: true }))).to.deep.equal({
      batch_binary: 'sbatch',
      run_binary: 'srun',
      monitor_binary: 'squeue',
    });
    expect(JSON.parse(showConfig(config, { key: 'api.credentials', json: true, origins: true }))).to.deep.equal({
      'api.credentials.access_key': { value: 'AK', origin: '/home/ada/clearml.conf:2' },
      'api.credentials.secret_key': { value: '********', origin: '/home/ada/clearml.conf:2' },
    });
  });

  it('rejects an unknown name, and suggests the closest known name', () => {
    expect(() => showConfig(config, { key: 'agent.slurm.queue' })).to.throw(
      UnknownSettingError,
      'Nothing sets agent.slurm.queue. Did you mean agent.slurm.queues?',
    );
    expect(() => showConfig(configFrom({}), { key: 'zzz.yyy' })).to.throw(UnknownSettingError, 'Nothing sets zzz.yyy.');
  });

  it('suggests agent.slurm.python for "python", even if the setting is not set', () => {
    const suggested = { python: 'agent.slurm.python', 'slurm.queues': 'agent.slurm.queues', HF: 'environment.HF' };
    for (const [key, name] of Object.entries(suggested))
      expect(() => showConfig(config, { key })).to.throw(
        UnknownSettingError,
        `Nothing sets ${key}. Did you mean ${name}?`,
      );
  });

  it('suggests no name if the setting is known but not set', () => {
    expect(() => showConfig(config, { key: 'agent.slurm.python' })).to.throw('Omit the name to see all settings.');
  });
});
