#!/bin/sh
# Activates the runenv COBOL: this file is sourced by a POSIX shell, and what it exports
# is what the block gets. COBOL_HOME says where copybooks/ and modules/ are, so that it
# serves outside the image too.
#
# It may be sourced under "set -eu", twice, and over variables that are set already:
# what they hold stays, behind ours.

: "${COBOL_HOME:=/opt/cobol}"
if [ ! -d "$COBOL_HOME/copybooks" ] || [ ! -d "$COBOL_HOME/modules" ]; then
  printf '%s\n' "COBOL_HOME is $COBOL_HOME, which has no copybooks/ and modules/" >&2
  return 1
fi
export COBOL_HOME

# Where the compiler finds what COPY names. COB_COPY_DIR would do as well; it is left to
# whoever wants to add a directory to one task. GnuCOBOL's own copybooks come last.
case :${COBCPY-}: in
  *:"$COBOL_HOME/copybooks":*) ;;
  *) COBCPY=$COBOL_HOME/copybooks${COBCPY:+:$COBCPY} ;;
esac
export COBCPY

# Where the program, when it runs, finds the compiled modules that it CALLs.
case :${COB_LIBRARY_PATH-}: in
  *:"$COBOL_HOME/modules":*) ;;
  *) COB_LIBRARY_PATH=$COBOL_HOME/modules${COB_LIBRARY_PATH:+:$COB_LIBRARY_PATH} ;;
esac
export COB_LIBRARY_PATH
