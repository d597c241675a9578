// Canary secrets in a configuration: no command shows one, not even in an error about the configuration.
import { expect } from 'chai';
import { openCli } from './open-cli.ts';

const SECRET = 'Zq7pL0vX2wN9';

const CONF = `
api { api_server: "http://127.0.0.1:1", credentials { access_key: AK, secret_key: "${SECRET}-a" } }
agent {
  extra_docker_arguments: ["-e", "MY_CRED=${SECRET}-b", "--password", "${SECRET}-c"]
  docker_init_bash_script: ["curl -u ada:${SECRET}-d https://h", "echo 'machine h login ada password ${SECRET}-e' > ~/.netrc"]
  extra_index_url: ["https://ada:${SECRET}-f@h/simple", "https://acc.blob/x?sv=1&sig=${SECRET}-g"]
  extra_docker_shell_script: ["curl -H 'Authorization: Bearer ${SECRET}-h' https://h"]
  my_pwd: "${SECRET}-i"
  slurm.template_files: [t]
}
environment { ANY: "${SECRET}-j" }
`;

describe('a canary secret in the configuration', () => {
  for (const args of [
    ['config'],
    ['config', '--json'],
    ['config', '--origins'],
    ['config', 'agent.extra_docker_arguments'],
    ['config', 'agent.my_pwd'],
    ['doctor'],
    ['doctor', '--json'],
    ['lint', 't'],
    ['vars'],
  ]) {
    it(`is not printed by the command: ${args.join(' ')}`, async () => {
      await using cli = await openCli();
      await cli.write('clearml.conf', CONF);
      await cli.write('t', '#!/bin/bash\n${CLEARML_PRE_SETUP}\n${CLEARML_AGENT_EXECUTE}\n${CLEARML_POST_SETUP}\n');

      const { stdout, stderr } = await cli.run(...args);

      expect(`${stdout}${stderr}`).not.to.include(SECRET);
      expect(`${stdout}${stderr}`.length).to.be.greaterThan(0);
    });
  }

  for (const [index, line] of [...CONF.split('\n').entries()].filter(([, text]) => text.includes(SECRET))) {
    it(`is not printed in an error message about line ${index + 1} of clearml.conf`, async () => {
      await using cli = await openCli();
      await cli.write('clearml.conf', `agent.x {\n${line} ]} }\n]`);

      const { stdout, stderr } = await cli.run('config');

      expect(`${stdout}${stderr}`).not.to.include(SECRET);
    });
  }
});
