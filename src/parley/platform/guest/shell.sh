# The shell of `parley shell`. Virtual time goes on while a command runs and stands still at the prompt.
. /root/.bashrc 2>/dev/null
cd
if [ "$clock" = /proc/um_time ]; then
    # PS0 is expanded after a command is read and before it runs; an empty line has no PS0.
    PS0='$(echo 1 >$clock)${parley_order:0:$((parley_order = 1, 0))}'
    PROMPT_COMMAND='if [ "$parley_order" ]; then echo -1 >$clock; parley_order=; fi'
fi
