# Activates the runenv FATIGUE: sourced by /bin/sh, which is busybox's. FATIGUE_HOME
# says where bin/ is.
: "${FATIGUE_HOME:=/opt/fatigue}"
[ -x "$FATIGUE_HOME/bin/rainflow" ] || {
  printf '%s\n' "FATIGUE_HOME is $FATIGUE_HOME, which has no bin/rainflow" >&2
  return 1
}
export FATIGUE_HOME
export PATH="$FATIGUE_HOME/bin:$PATH"
