#!/bin/sh
# The step of action.yml: finds or builds infraopt, audits, shows the result, and ends with the exit status of the audit.
# All it is told comes by AUDIT_* variables (see action.yml) and those of GitHub Actions; none of that is evaluated.
set -u

status=4 # what cannot be done is no success
stopped=
program=

# While commands are stopped, the runner takes nothing in the log for a command of ours: messages quote what machines answered.
stop_commands() {
	token=infraopt-$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
	[ ${#token} -ge 41 ] || end 4 'there is no source of chance'
	printf '::stop-commands::%s\n' "$token"
	stopped=yes
}

start_commands() {
	[ -z "$stopped" ] || printf '::%s::\n' "$token"
	stopped=
}

# end STATUS TEXT ends without a result. The text is ours alone, as it becomes a command and Markdown.
end() {
	status=$1
	start_commands
	printf '::error title=infraopt::%s; exit status %s\n' "$2" "$status"
	printf '**infraopt**: %s; exit status %s\n' "$2" "$status" >>"${GITHUB_STEP_SUMMARY:-/dev/null}"
	finish
}

finish() {
	if [ -n "${GITHUB_OUTPUT:-}" ]; then
		{
			printf 'status=%s\nreports=%s\n' "$status" "$reports"
			[ -z "$reports" ] || [ ! -s "$reports/infraopt.sarif" ] || printf 'sarif=%s\n' "$reports/infraopt.sarif"
		} >>"$GITHUB_OUTPUT" || worse
	fi
	exit "$status"
}

# worse makes a failure of what passed so far, and leaves other statuses alone.
worse() { [ "$status" -ne 0 ] || status=4; }

# lines prints the lines of a text that are not blank, without space around them.
lines() { printf '%s\n' "$1" | tr -d '\r' | sed 's/^[[:blank:]]*//; s/[[:blank:]]*$//; /^$/d'; }

# build makes the program of one version. A branch, or "latest", would be another program tomorrow.
build() {
	case $AUDIT_VERSION in
	*[!0-9A-Za-z.+-]*) end 3 'the input version is not one' ;;
	v[0-9]*.[0-9]*.[0-9]*) ;;
	*[!0-9a-f]*) end 3 'the input version has to be a whole version, such as v1.2.3, or a commit' ;;
	????????????*) ;;
	*) end 3 'the input version has too few digits for a commit' ;;
	esac
	bin=${RUNNER_TEMP:-/tmp}/infraopt-bin
	(mkdir -p "$bin" && cd "$bin" && GOBIN=$bin GOFLAGS='' CGO_ENABLED=0 \
		go install -trimpath "github.com/infraopt/infraopt/cmd/infraopt@$AUDIT_VERSION") || end 4 'building the version failed'
	program=$bin/infraopt
}

reports=${AUDIT_REPORTS:-${RUNNER_TEMP:-/tmp}/infraopt}
case $reports in
*'
'*)
	reports=
	end 3 'the input reports holds a line break'
	;;
esac

stop_commands
mkdir -p "$reports" || end 3 'the folder of the reports cannot be made'
# The reports of an earlier run must not pass for those of this one.
rm -f "$reports/infraopt.json" "$reports/infraopt.sarif" "$reports/infraopt.junit.xml" "$reports/infraopt.summary.md" \
	"$reports/infraopt.annotations" || end 3 'the folder of the reports cannot be written to'

if [ -n "${AUDIT_VERSION:-}" ]; then
	build
else
	program=$(command -v "${AUDIT_BINARY:-infraopt}")
	case $program in
	*/*) ;; # not a word of the shell
	*) end 3 'there is no program: name it by the input binary, or a version to build by the input version' ;;
	esac
fi

set -- audit --quiet --no-color --explain-exit --format=github \
	"--out=$reports/infraopt.json" "--out=$reports/infraopt.sarif" \
	"--out=$reports/infraopt.junit.xml" "--out=$reports/infraopt.summary.md"
[ -z "${AUDIT_POLICY:-}" ] || set -- "$@" "--policy=$AUDIT_POLICY"
[ -z "${AUDIT_BASELINE:-}" ] || set -- "$@" "--baseline=$AUDIT_BASELINE"
while IFS= read -r line; do
	case $line in
	'') ;;
	-*) set -- "$@" "$line" ;;
	*) end 3 'a line of the input flags is no flag' ;;
	esac
done <<LINES
$(lines "${AUDIT_FLAGS:-}")
LINES
set -- "$@" -- # a target is no flag, whatever it is called
while IFS= read -r line; do
	[ -z "$line" ] || set -- "$@" "$line"
done <<LINES
$(lines "${AUDIT_TARGETS:-}")
LINES

# A job that is cancelled has a few seconds, in which infraopt reports what it has. SIGINT means nothing to what a shell runs
# in the background, so it is told by SIGTERM; once, as a second signal would say that nobody waits for the report.
cancelled=
trap 'trap "" INT TERM; cancelled=yes; kill -TERM "${!:-}" 2>/dev/null' INT TERM
"$program" "$@" >"$reports/infraopt.annotations" &
pid=$!
[ -z "$cancelled" ] || kill -TERM "$pid" 2>/dev/null # that came before there was anything to tell
wait "$pid"
status=$?
trap '' INT TERM
if [ -n "$cancelled" ]; then # it was the wait that ended, not what it waited for
	wait "$pid"
	status=$?
	[ "$status" -ne 127 ] || status=130 # or both did, and the shell has forgotten
fi
start_commands

if [ -s "$reports/infraopt.annotations" ]; then
	cat "$reports/infraopt.annotations" || worse
elif [ "$status" -ne 0 ]; then
	end "$status" 'the audit came to no result, the log says why'
fi
if [ "$status" -eq 0 ] && [ ! -s "$reports/infraopt.json" ]; then
	end 4 'the audit passed and left no report'
fi
if [ -s "$reports/infraopt.summary.md" ]; then
	cat "$reports/infraopt.summary.md" >>"${GITHUB_STEP_SUMMARY:-/dev/null}" || worse
fi
finish
