echo hello > note.txt
