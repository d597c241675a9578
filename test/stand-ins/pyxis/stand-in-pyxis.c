/*
 * A stand-in for Pyxis, Slurm's plugin for containers: it takes the options of the real one, as its args.c has them, and
 * runs each task of a step, and a batch script, in a container of Apptainer's where the real one makes one with enroot.
 *
 * Unlike the real one it pulls nothing. An image of a registry is the folder images/REGISTRY/NAME:TAG, an image in a file
 * is a squashfs file. It takes no names of containers, saves none, and has its processes in a container each. Its options,
 * and which of their values it takes, were compared with the real args.c (commit 1075199): all the same, but for the
 * mounts tmpfs:… and umount:…, which it does not know.
 *
 * As the real one (pyxis_slurmstepd.c; enroot's 10-home.sh, 10-shadow.sh and /etc/rc) it takes LANG, LANGUAGE and LC_ALL
 * away, gives uid 0 and HOME=/root for --container-remap-root, has HOME be that of /etc/passwd and PATH that of the image,
 * whatever the job says, starts in the WorkingDir of the image, and fails with the sentences of the real one.
 *
 * The variables of an image are the lines of its /etc/environment, which enroot import writes. Where that has no PATH, the real
 * one (enroot-switchroot.c) takes ENV_PATH, for uid 0 ENV_SUPATH, of the image's /etc/login.defs, or else the default of the C
 * library. The stand-in does not read login.defs, and its default has no /usr/local/bin: it is stricter. In both, a login shell
 * then reads /etc/profile of the image, which may set PATH again.
 *
 * Each node has a separate /tmp: of the machine's it sees only the folders whose names begin as the tests' own do, and what
 * the test names.
 *
 * Arguments in plugstack.conf: apptainer=PROGRAM images=FOLDER tmp=FOLDER [shared=FOLDER ...]
 * Built with -DSLURM_VERSION=NUMBER, as slurm_version.h has it: Slurm loads no plugin that was made for another release.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

/* What is used of slurm/spank.h (SPANK plugins, spank(7)), which is the same in all releases that we support. */
typedef struct spank_handle *spank_t;
typedef int (*spank_opt_cb_f)(int value, const char *text, int is_remote);
struct spank_option {
	char *name, *argument, *usage;
	int has_argument, value;
	spank_opt_cb_f take;
};
enum { CONTEXT_LOCAL = 1, CONTEXT_REMOTE = 2, CONTEXT_ALLOCATOR = 3 };
enum { JOB_STEPID = 3, JOB_ARGV = 9, JOB_ENV = 10 };
extern int spank_context(void);
extern int spank_option_register(spank_t, struct spank_option *);
extern int spank_get_item(spank_t, int item, ...);
extern void slurm_error(const char *format, ...);

const char plugin_name[] = "pyxis_stand_in";
const char plugin_type[] = "spank";
const unsigned int plugin_version = SLURM_VERSION;
const unsigned int spank_plugin_version = 1;

#define BATCH_SCRIPT 0xfffffffb
#define MOST_WORDS 512

/* What the image's own locale stands for, save for what --container-env names. */
static const char *locale[] = { "LANG", "LANGUAGE", "LC_ALL", NULL };

/* A container begins with the variables of the image, and with what a login shell of it reads; they win over those of the job. */
static const char as_image[] =
	"if [ -r /etc/environment ]; then\n"
	"  while IFS= read -r line || [ -n \"$line\" ]; do case $line in *=*) export \"$line\" ;; esac; done </etc/environment\n"
	"fi\n"
	"if [ -r /etc/profile ]; then . /etc/profile; fi\n"
	"exec \"$@\"\n";

static const char *image, *mounts, *workdir, *environment;
static int mounts_home = -1, is_writable = -1, remaps_root = -1, entry_point = -1;

static int fail(const char *what, const char *text)
{
	slurm_error("pyxis: %s: %s", what, text);
	return -1;
}

/* Slurm may call twice with one value; two values are one too many. */
static int take_once(const char **place, const char *option, const char *text)
{
	if (text == NULL || *text == '\0')
		return fail(option, "argument required");
	if (*place != NULL && strcmp(*place, text) != 0)
		return fail(option, "specified multiple times");
	*place = strdup(text);
	return 0;
}

static int take_flag(int *place, int value, const char *option)
{
	if (*place != -1 && *place != value)
		return fail(option, "this and its opposite were specified");
	*place = value;
	return 0;
}

static int is_path(const char *text)
{
	return *text == '.' || *text == '/';
}

static int take_image(int value, const char *text, int is_remote)
{
	return take_once(&image, "--container-image", text);
}

/* SRC:DST[:FLAGS][,...] or a path for both, flags joined by "+". */
static int take_mounts(int value, const char *text, int is_remote)
{
	char *rest, *entry;
	if (text == NULL || *text == '\0')
		return fail("--container-mounts", "argument required");
	rest = strdup(text);
	while ((entry = strsep(&rest, ",")) != NULL) {
		char *source = strsep(&entry, ":");
		char *target = entry == NULL ? source : strsep(&entry, ":");
		if (*source == '\0' || *target == '\0')
			return fail("--container-mounts: invalid format", text);
		if (!is_path(source) || !is_path(target))
			return fail("mount source and target must be a relative path or an absolute path", text);
	}
	mounts = strdup(text);
	return 0;
}

static int take_workdir(int value, const char *text, int is_remote)
{
	return take_once(&workdir, "--container-workdir", text);
}

static int take_environment(int value, const char *text, int is_remote)
{
	if (text == NULL || *text == '\0' || *text == ',' || strstr(text, ",,") || text[strlen(text) - 1] == ',')
		return fail("--container-env: invalid format", text == NULL ? "" : text);
	environment = strdup(text);
	return 0;
}

static int take_home(int value, const char *text, int is_remote)
{
	return take_flag(&mounts_home, value, "--container-mount-home");
}

static int take_root(int value, const char *text, int is_remote)
{
	return take_flag(&remaps_root, value, "--container-remap-root");
}

static int take_entry_point(int value, const char *text, int is_remote)
{
	return take_flag(&entry_point, value, "--container-entrypoint");
}

static int take_writable(int value, const char *text, int is_remote)
{
	return take_flag(&is_writable, value, "--container-writable");
}

static int refuse(int value, const char *text, int is_remote)
{
	return fail("this stand-in does not support this option", text == NULL ? "" : text);
}

static struct spank_option options[] = {
	{ "container-image", "[USER@][REGISTRY#]IMAGE[:TAG]|PATH", "[pyxis stand-in] the image", 1, 0, take_image },
	{ "container-mounts", "SRC:DST[:FLAGS][,SRC:DST...]", "[pyxis stand-in] bind mounts", 1, 0, take_mounts },
	{ "container-workdir", "PATH", "[pyxis stand-in] working directory inside", 1, 0, take_workdir },
	{ "container-name", "NAME", "[pyxis stand-in] not done", 1, 0, refuse },
	{ "container-save", "PATH", "[pyxis stand-in] not done", 1, 0, refuse },
	{ "container-mount-home", NULL, "[pyxis stand-in] mount the home folder", 0, 1, take_home },
	{ "no-container-mount-home", NULL, "[pyxis stand-in] do not mount it", 0, 0, take_home },
	{ "container-remap-root", NULL, "[pyxis stand-in] uid 0 inside", 0, 1, take_root },
	{ "no-container-remap-root", NULL, "[pyxis stand-in] taken", 0, 0, take_root },
	{ "container-entrypoint", NULL, "[pyxis stand-in] taken, and nothing is done", 0, 1, take_entry_point },
	{ "no-container-entrypoint", NULL, "[pyxis stand-in] taken", 0, 0, take_entry_point },
	{ "container-entrypoint-log", NULL, "[pyxis stand-in] not done", 0, 1, refuse },
	{ "container-writable", NULL, "[pyxis stand-in] what is written goes when the task ends", 0, 1, take_writable },
	{ "container-readonly", NULL, "[pyxis stand-in] nothing can be written", 0, 0, take_writable },
	{ "container-env", "NAME[,NAME...]", "[pyxis stand-in] variables that win over the image's", 1, 0, take_environment },
	{ "container-unshare", "NS[,NS...]", "[pyxis stand-in] not done", 1, 1, refuse },
};

static char *joined(const char *format, ...)
{
	char *text = NULL;
	va_list values;
	va_start(values, format);
	if (vasprintf(&text, format, values) < 0)
		exit(1);
	va_end(values);
	return text;
}

static const char *setting(const char *name, int count, char **words)
{
	size_t length = strlen(name);
	for (int index = 0; index < count; index++)
		if (strncmp(words[index], name, length) == 0 && words[index][length] == '=')
			return words[index] + length + 1;
	return "";
}

/* Only these folders of /tmp are shared by the nodes: clusters, worlds, homes, and what a test makes for its containers. */
static const char *shared[] = { "slurm-", "world-", "pyxis-", "ssh-test-keys-", NULL };

static int is_shared(const char *name)
{
	for (int index = 0; shared[index] != NULL; index++)
		if (strncmp(name, shared[index], strlen(shared[index])) == 0)
			return 1;
	return 0;
}

/* The checkout may be in /tmp, and the jobs need what is in it. */
static int share(const char *path, const char *own)
{
	char *target, *next;
	if (strncmp(path, "/tmp/", 5) != 0)
		return 0;
	target = joined("%s/%s", own, path + 5);
	for (next = target + strlen(own) + 1; (next = strchr(next, '/')) != NULL; next++) {
		*next = '\0';
		mkdir(target, 0755);
		*next = '/';
	}
	mkdir(target, 0755);
	return mount(path, target, NULL, MS_BIND | MS_REC, NULL);
}

/* In slurmstepd, which is root: for all that it starts, /tmp is a folder of this node. */
static int enter_own_tmp(const char *folder, int count, char **words)
{
	char host[64] = "", *own;
	const char *name = getenv("SLURMD_NODENAME");
	struct dirent *entry;
	DIR *all;

	if (name == NULL && gethostname(host, sizeof(host) - 1) == 0)
		name = host;
	own = joined("%s/%s", folder, name);
	mkdir(folder, 0755);
	mkdir(own, 0755);
	chmod(own, 01777);
	if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_SLAVE, NULL) != 0)
		return fail("a /tmp of the node", strerror(errno));
	if ((all = opendir("/tmp")) == NULL)
		return fail("/tmp", strerror(errno));
	while ((entry = readdir(all)) != NULL) {
		char *source = joined("/tmp/%s", entry->d_name), *target = joined("%s/%s", own, entry->d_name);
		if (is_shared(entry->d_name)) {
			mkdir(target, 0755);
			/* Another test may have removed its folder meanwhile. */
			if (mount(source, target, NULL, MS_BIND | MS_REC, NULL) != 0)
				rmdir(target);
		}
	}
	closedir(all);
	for (int index = 0; index < count; index++)
		if (strncmp(words[index], "shared=", 7) == 0 && share(words[index] + 7, own) != 0)
			return fail(words[index], strerror(errno));
	if (mount(own, "/tmp", NULL, MS_BIND | MS_REC, NULL) != 0)
		return fail("a /tmp of the node", strerror(errno));
	return 0;
}

int slurm_spank_init(spank_t spank, int count, char **words)
{
	size_t index;
	int context = spank_context();
	if (context != CONTEXT_LOCAL && context != CONTEXT_REMOTE && context != CONTEXT_ALLOCATOR)
		return 0;
	for (index = 0; index < sizeof(options) / sizeof(*options); index++)
		if (spank_option_register(spank, &options[index]) != 0)
			return fail("could not register", options[index].name);
	return context == CONTEXT_REMOTE ? enter_own_tmp(setting("tmp", count, words), count, words) : 0;
}

/* As enroot reads docker://[USER@][REGISTRY#]IMAGE[:TAG]: without "#" the image is one of Docker Hub. */
static char *find_image(const char *folder)
{
	const char *rest = image, *mark;
	char *registry = "registry-1.docker.io", *name;
	if (is_path(image))
		return strdup(image);
	if (strncmp(rest, "docker://", 9) == 0)
		rest += 9;
	if ((mark = strchr(rest, '#')) != NULL) {
		registry = joined("%.*s", (int)(mark - rest), rest);
		if (strchr(registry, '@') != NULL)
			registry = strchr(registry, '@') + 1;
		rest = mark + 1;
	}
	mark = strrchr(rest, '/');
	name = joined(strchr(mark == NULL ? rest : mark, ':') == NULL ? "%s:latest" : "%s", rest);
	return joined("%s/%s/%s", folder, registry, name);
}

static const char *value_of(char **variables, const char *name)
{
	size_t length = strlen(name);
	for (; *variables != NULL; variables++)
		if (strncmp(*variables, name, length) == 0 && (*variables)[length] == '=')
			return *variables + length + 1;
	return NULL;
}

/* What the real one says after a failure, which it has from a log of enroot. */
static int fail_in_enroot(const char *what, const char *words)
{
	slurm_error("pyxis: %s: %s", what, image);
	slurm_error("pyxis: printing enroot log file:");
	slurm_error("pyxis:     [ERROR] %s", words);
	return -1;
}

static int check_image(const char *found, const char *images)
{
	char magic[4] = "", *registry;
	int file, length;

	if (!is_path(image)) {
		if (access(found, R_OK) == 0)
			return 0;
		registry = joined("%s", found + strlen(images) + 1);
		*strchr(registry, '/') = '\0';
		if (access(joined("%s/%s", images, registry), R_OK) != 0)
			return fail_in_enroot("failed to import docker image", joined("Could not resolve host: %s", registry));
		return fail_in_enroot("failed to import docker image",
				      joined("URL https://%s/v2/… returned error code: 404 Not Found", registry));
	}
	if ((file = open(found, O_RDONLY)) < 0)
		return fail_in_enroot("failed to create container filesystem for image",
				      joined("No such file or directory: %s", found));
	length = read(file, magic, sizeof(magic));
	close(file);
	if (length == sizeof(magic) && memcmp(magic, "hsqs", sizeof(magic)) == 0)
		return 0;
	return fail_in_enroot("failed to create container filesystem for image", joined("Invalid image format: %s", found));
}

/*
 * The folder in which /etc/rc of the image begins, as enroot import writes it: cd "FOLDER" && … It starts the task, with
 * exec "$@"; without that it ends at once.
 */
static char *start_folder(const char *found)
{
	char line[512], *mark, *end, *folder = "/";
	int starts_task = 0;
	FILE *rc = fopen(joined("%s/etc/rc", found), "r");
	if (rc == NULL)
		return folder;
	while (fgets(line, sizeof(line), rc) != NULL) {
		if ((mark = strstr(line, "cd \"")) != NULL && (end = strchr(mark + 4, '"')) != NULL)
			folder = joined("%.*s", (int)(end - mark - 4), mark + 4);
		if (strstr(line, "exec") != NULL)
			starts_task = 1;
	}
	fclose(rc);
	return starts_task ? folder : NULL;
}

/* Whether the image has this program, where the image is a folder and can be looked into. */
static int lacks(const char *found, const char *program)
{
	static const char *folders[] = { "", "/usr/local/bin", "/usr/bin", "/bin", NULL };
	struct stat status;
	if (stat(found, &status) != 0 || !S_ISDIR(status.st_mode))
		return 0;
	for (int index = *program == '/' ? 0 : 1; folders[index] != NULL; index++)
		if (access(joined("%s%s/%s", found, folders[index], program), F_OK) == 0)
			return 0;
	return 1;
}

/* Called in the process that becomes the task, which becomes Apptainer instead. */
int slurm_spank_task_init(spank_t spank, int count, char **words)
{
	char *command[MOST_WORDS] = { "apptainer", "--silent", "exec", "--contain", "--no-home" };
	char **argv = NULL, **variables = NULL, *rest, *entry, *found, *folder;
	const char *home = NULL, *images = setting("images", count, words);
	int argc = 0, next = 5;
	unsigned int step = 0;
	struct passwd *user = getpwuid(getuid());

	if (image == NULL)
		return 0;
	if (spank_get_item(spank, JOB_ARGV, &argc, &argv) != 0 || spank_get_item(spank, JOB_ENV, &variables) != 0)
		return fail("could not get", "the task");
	spank_get_item(spank, JOB_STEPID, &step);
	found = find_image(images);
	if (check_image(found, images) != 0)
		return -1;
	if ((folder = start_folder(found)) == NULL) {
		slurm_error("pyxis: container exited too soon");
		return -1;
	}
	command[next++] = "--pwd";
	command[next++] = workdir ? (char *)workdir : folder;
	if (is_writable != 0)
		command[next++] = "--writable-tmpfs";
	if (remaps_root == 1 && getuid() != 0)
		command[next++] = "--fakeroot";
	home = remaps_root == 1 ? "/root" : user == NULL ? "/" : user->pw_dir;
	if (mounts_home == 1 && value_of(variables, "HOME") != NULL) {
		if (remaps_root != 1)
			home = value_of(variables, "HOME");
		command[next++] = "--bind";
		command[next++] = joined("%s:%s", value_of(variables, "HOME"), home);
	}
	if (step == BATCH_SCRIPT) {
		command[next++] = "--bind";
		command[next++] = joined("%s:%s:ro", argv[0], argv[0]);
	}
	rest = mounts == NULL ? NULL : strdup(mounts);
	while ((entry = strsep(&rest, ",")) != NULL && next < MOST_WORDS / 2) {
		char *source = strsep(&entry, ":");
		char *target = entry == NULL ? source : strsep(&entry, ":");
		if (*source == '/' && access(source, F_OK) != 0)
			return fail("--container-mounts: source path does not exist", source);
		command[next++] = "--bind";
		command[next++] = joined(entry != NULL && strstr(entry, "ro") ? "%s:%s:ro" : "%s:%s", source, target);
	}
	if (step == BATCH_SCRIPT && lacks(found, "/bin/bash")) {
		slurm_error("execve(): %s: bad interpreter(/bin/bash): No such file or directory", argv[0]);
		_exit(2);
	}
	if (step != BATCH_SCRIPT && lacks(found, argv[0])) {
		slurm_error("execve(): %s: No such file or directory", argv[0]);
		_exit(2);
	}
	command[next++] = found;
	/* What the real one takes from the list of users and from enroot; then the image's variables, and over them those named. */
	command[next++] = "env";
	for (int index = 0; locale[index] != NULL; index++)
		command[next++] = joined("--unset=%s", locale[index]);
	command[next++] = joined("HOME=%s", home);
	command[next++] = remaps_root == 1 ? "PATH=/usr/bin:/bin:/usr/sbin:/sbin" : "PATH=/usr/bin:/bin";
	command[next++] = "/bin/sh";
	command[next++] = "-c";
	command[next++] = (char *)as_image;
	command[next++] = "sh";
	command[next++] = "env";
	rest = environment == NULL ? NULL : strdup(environment);
	while ((entry = strsep(&rest, ",")) != NULL && next < MOST_WORDS / 2)
		if (value_of(variables, entry) != NULL)
			command[next++] = joined("%s=%s", entry, value_of(variables, entry));
	for (int index = 0; index < argc && next < MOST_WORDS - 1; index++)
		command[next++] = argv[index];
	execve(setting("apptainer", count, words), command, variables);
	return fail("could not start", setting("apptainer", count, words));
}
